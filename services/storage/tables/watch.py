"""What the system measures of itself."""

from sqlalchemy import Column, Float, Table, Text

from services.storage.tables.base import metadata

measured = Table(
    "measured",
    metadata,
    Column("name", Text, primary_key=True),
    Column("labels", Text, primary_key=True),
    Column("total", Float(53), nullable=False),
    implicit_returning=False,
)
