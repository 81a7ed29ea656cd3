"""Alembic's entry: runs the migrations as the owner of the tables.

The address comes from the caller (``tallystick migrate`` puts it into the configuration), never from a file.
"""

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from services.storage.tables import metadata

_LOCK = 0x7A11_5701


def run() -> None:
    """Upgrade under an advisory lock, so that two starters never migrate at the same time."""
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
