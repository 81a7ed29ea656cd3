"""Bringing a database to the newest version of the tables, and asking which version it is at."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url


def _scripts() -> Path:
    packed = Path(__file__).parent / "_migrations"
    return packed if packed.is_dir() else Path(__file__).parents[2] / "migrations"


def configuration(owner_url: str | None = None) -> Config:
    """Alembic's configuration: our scripts, and the database of the owner's address, if one is given."""
    configuration = Config()
    configuration.set_main_option("script_location", str(_scripts()))
    if owner_url is not None:
        address = make_url(owner_url).set(drivername="postgresql+psycopg")
        configuration.set_main_option(
            "sqlalchemy.url", address.render_as_string(hide_password=False).replace("%", "%%")
        )
    return configuration


def migrate(owner_url: str) -> None:
    """Upgrade to the newest version, as the owner of the tables. Two at the same time take turns."""
    command.upgrade(configuration(owner_url), "head")


def newest_version() -> str | None:
    """The version that this code expects."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


def version_of(connection: Connection) -> str | None:
    """The version that the database is at, or None where it has never been migrated."""
    return MigrationContext.configure(connection).get_current_revision()
