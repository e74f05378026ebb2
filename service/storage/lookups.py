"""Rows that are asked for by a key again and again: written in SQLAlchemy once, and made into SQL once."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

Found = Mapping[Any, Any]
"""A row, by column."""


class Lookup:
    """Finds at most one row for each key.

    Args:
        query: Selects the columns that a row is told by.
        key: The column that is known of a row; unique, and one of these.
    """

    def __init__(self, query: sa.Select[Any], key: sa.Column[Any]) -> None:
        self._one = query.where(key == sa.bindparam("key", type_=key.type))
        self._any = query.where(key == sa.any_(sa.bindparam("keys", type_=sa.ARRAY(key.type))))
        self._columns = tuple(query.selected_columns)
        self._key = key

    def row(self, connection: sa.Connection, key: object) -> Found | None:
        """Find the row of a key."""
        return connection.execute(self._one, {"key": key}).mappings().first()

    def rows(self, connection: sa.Connection, keys: Sequence[Any]) -> list[Found | None]:
        """Find those of many at once; on PostgreSQL, whose arrays make it one statement for any number of them."""
        found = connection.execute(self._any, {"keys": list(set(keys))}).all()
        by_key = {
            row[self._key]: row for row in (dict(zip(self._columns, each, strict=True)) for each in found)
        }
        return [by_key.get(key) for key in keys]

    @functools.cached_property
    def sqlite(self) -> str:
        """What SQLite's own driver is asked for one row, with a `?` for the key."""
        return str(self._one.compile(dialect=_SQLITE))

    def named(self, values: Sequence[Any]) -> Found:
        """Name what SQLite's own driver found."""
        row: dict[Any, Any] = dict(zip(self._columns, values, strict=True))
        for column, convert in self._converters:
            row[column] = convert(row[column])
        return row

    @functools.cached_property
    def _converters(self) -> list[tuple[Any, Callable[[Any], Any]]]:
        """The columns whose values the driver gives in another type, such as 1 for true."""
        found = (
            (column, column.type.dialect_impl(_SQLITE).result_processor(_SQLITE, None))
            for column in self._columns
        )
        return [(column, convert) for column, convert in found if convert is not None]


_SQLITE = sqlite.dialect()
