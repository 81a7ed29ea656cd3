"""The API for machines: each module is one part of it, and does no more than translate between HTTP and an action."""

from services.web.api import cases, events, inbox, linking, oauth, registry, tasks

blueprints = (
    oauth.blueprint,
    events.blueprint,
    inbox.blueprint,
    tasks.blueprint,
    cases.blueprint,
    linking.blueprint,
    registry.blueprint,
)
