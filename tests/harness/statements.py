"""Compile each SQL statement once for a whole run of tests, as a long-lived process does.

SQLAlchemy keeps compiled statements for each engine, and nearly every test opens a journal, thus an
engine, of its own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event


class _Statements(dict[Any, Any]):
    """An engine finds what any other of the same dialect has compiled."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_shared(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(_shared(key), compiled)


def _shared(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *statement = key
    return (type(dialect), *statement)


_KNOWN = _Statements()


def share_compiled_statements() -> None:
    """Let every engine of this process compile into one cache."""
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_KNOWN)
