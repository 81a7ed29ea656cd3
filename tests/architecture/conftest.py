"""The world that tests of the web live in."""

from tests.web_world import web_template, world

__all__ = ["web_template", "world"]
