"""The web application of the product with rates that let everything through: for what is not about how often one asks.

``gunicorn benchmarks.unlimited:from_environment()``
"""

from dataclasses import replace

from apiflask import APIFlask

from services.web import app, context
from services.web.limits import Rates


class Unlimited(Rates):
    """Rates that let everything through."""

    def take_events(self, client: str, a_minute: int, count: int) -> None:
        """Take nothing."""

    def take(self, what: str, who: str, a_minute: int) -> None:
        """Take nothing."""


def without_limits(application: APIFlask) -> APIFlask:
    """The same application, with `Unlimited` rates."""
    around: context.Surroundings = application.extensions["tallystick"]
    context.surround(application.extensions, replace(around, rates=Unlimited(around.rates.limiter)))
    return application


def from_environment() -> APIFlask:
    """The application of a web process, as its environment says."""
    return without_limits(app.from_environment())
