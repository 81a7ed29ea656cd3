"""What every table shares: the metadata with its names of constraints, instants in UTC, and closed lists of codes."""

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    MetaData,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

INSTANT = DateTime(timezone=True)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A column that holds one of these codes."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
