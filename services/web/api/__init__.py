"""The API for machines: each module is one part of it, and does no more than translate between HTTP and an action."""

from services.web.api import (
    cases,
    efforts,
    events,
    goal_library,
    goals,
    inbox,
    linking,
    oauth,
    pattern,
    registry,
    tasks,
)

blueprints = (
    oauth.blueprint,
    events.blueprint,
    inbox.blueprint,
    tasks.blueprint,
    cases.blueprint,
    efforts.blueprint,
    pattern.blueprint,
    goal_library.blueprint,
    goals.blueprint,
    linking.blueprint,
    registry.blueprint,
)
