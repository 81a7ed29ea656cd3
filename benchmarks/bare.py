"""What intake is measured against: a bare Flask view that looks at the envelope of a CloudEvent and inserts one row.

No sender is asked who it is, no payload is validated, nothing follows. The row is as durable as ours: the same
PostgreSQL, a pooled connection, synchronous commit. gunicorn serves it exactly as it serves the product.
"""

import json
import os
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import create_engine

DATABASE_URL = "BARE_DATABASE_URL"
"""The variable of the environment that names the database."""

TABLE = """
CREATE TABLE events (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL, id text NOT NULL, type text NOT NULL, subject text, time timestamptz, data jsonb NOT NULL,
    UNIQUE (source, id)
)
"""
_INSERT = "INSERT INTO events (source, id, type, subject, time, data) VALUES (%s, %s, %s, %s, %s, %s)"
_REQUIRED = ("specversion", "id", "source", "type")


def is_cloud_event(event: Any) -> bool:
    """Whether a JSON value has the required attributes of CloudEvents 1.0, as text, and data."""
    return (
        isinstance(event, dict)
        and all(isinstance(event.get(name), str) and event[name] for name in _REQUIRED)
        and event["specversion"] == "1.0"
        and "data" in event
    )


def from_environment() -> Flask:
    """The application of one process."""
    engine = create_engine(
        os.environ[DATABASE_URL], pool_size=8, connect_args={"options": "-c synchronous_commit=on -c timezone=UTC"}
    )
    app = Flask(__name__)

    @app.post("/v1/events")
    def receive() -> Response:
        event = request.get_json(force=True)
        if not is_cloud_event(event):
            return Response(status=422)
        row = (
            *(event["source"], event["id"], event["type"]),
            *(event.get("subject"), event.get("time"), json.dumps(event["data"])),
        )
        connection = engine.raw_connection()
        try:
            connection.cursor().execute(_INSERT, row)
            connection.commit()
        finally:
            connection.close()
        return Response('{"status":"accepted"}', 202, mimetype="application/json")

    @app.get("/healthz")
    def alive() -> Response:
        return Response("alive")

    return app
