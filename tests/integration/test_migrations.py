"""Migrations on a fresh database: they give the tables that the code has, and running them again changes nothing."""

import alembic.command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from services.local.machine import LocalStores
from services.storage.migrating import configuration, migrate, newest_version, version_of
from services.storage.tables import metadata

NAME = "test_migrations"


def test_a_fresh_database_gets_exactly_the_tables_of_the_code(stores: LocalStores) -> None:
    stores.postgres.ensure_database(NAME)
    migrate(stores.dsn_owner(NAME))
    migrate(stores.dsn_owner(NAME))
    engine = create_engine(stores.dsn_owner(NAME))
    with engine.connect() as connection:
        assert version_of(connection) == newest_version()
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    stores.postgres.drop_database(NAME)


def test_what_came_after_the_first_tables_can_be_taken_back_and_made_again(stores: LocalStores) -> None:
    stores.postgres.ensure_database(NAME)
    migrate(stores.dsn_owner(NAME))
    alembic.command.downgrade(configuration(stores.dsn_owner(NAME)), "0001")
    migrate(stores.dsn_owner(NAME))
    engine = create_engine(stores.dsn_owner(NAME))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    stores.postgres.drop_database(NAME)
