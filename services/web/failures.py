"""What is written down when something fails: the kind of error and the place in the code, never what it says.

The text of an error may quote what somebody sent, or a row of a case; logs hold ids and codes only.
"""

import traceback

import structlog
from flask import request

log = structlog.get_logger("tallystick.web")


def log_failure(error: BaseException) -> None:
    """Log an unexpected error of this request by its class and the lines that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "request_failed",
        endpoint=request.endpoint,
        error=type(error).__name__,
        cause=type(error.__cause__).__name__ if error.__cause__ else None,
        at=[f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-6:]],
    )
