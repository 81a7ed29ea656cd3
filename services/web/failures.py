"""What is written down when something fails: the kind of error and the place in the code, never what it says."""

import structlog
from flask import request

from services.telemetry.logs import place_of

log = structlog.get_logger("tallystick.web")


def log_failure(error: BaseException) -> None:
    """Log an unexpected error of this request by its class and the lines that it came through."""
    log.error("request_failed", endpoint=request.endpoint, **place_of(error))
