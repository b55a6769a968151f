"""The journal behind a pooler that drops sessions: before a statement, or while a commit is on its
way, which then has happened or not."""

from __future__ import annotations

import sqlite3
from random import Random
from typing import Any

from sqlalchemy import Engine, ExceptionContext, event

from cascade_cli.adapters.journal import Database

_LOST = "server closed the connection unexpectedly"
_STATEMENTS_PER_COMMIT = 5


class Drops:
    """Drops a session at so many of a history's commits, and at fewer of its statements."""

    def __init__(self, random: Random, likely: float) -> None:
        self._random, self._likely = random, likely

    def end(self) -> None:
        """From now on sessions last."""
        self._likely = 0.0

    def before_a_statement(self) -> None:
        """Raises what a driver raises."""
        if self._falls(self._likely / _STATEMENTS_PER_COMMIT):
            raise sqlite3.OperationalError(_LOST)

    def at_a_commit(self, commit: Any) -> None:
        """Raises the same, whether or not it was done."""
        if not self._falls(self._likely):
            commit()
            return
        if self._random.random() < 0.5:
            commit()
        raise sqlite3.OperationalError(_LOST)

    def _falls(self, likely: float) -> bool:
        return likely > 0 and self._random.random() < likely


def draw_drops(random: Random) -> Drops:
    """In one history of four."""
    return Drops(random, random.choice((0.0, 0.0, 0.0, 0.02)))


class PooledDatabase(Database):
    """The journal as processes reach it, through a pooler with `drops`."""

    drops: Drops

    def _open(self) -> Engine:
        engine = super()._open()
        event.listen(engine, "handle_error", _is_lost)
        dialect: Any = engine.dialect
        execute, commit = dialect.do_execute, dialect.do_commit

        def dropping_execute(*arguments: Any, **options: Any) -> None:
            self.drops.before_a_statement()
            execute(*arguments, **options)

        dialect.do_execute = dropping_execute
        dialect.do_commit = lambda connection: self.drops.at_a_commit(lambda: commit(connection))
        return engine


def _is_lost(context: ExceptionContext) -> None:
    """SQLAlchemy knows a lost session of PostgreSQL by itself, and gives its connection up."""
    context.is_disconnect = context.is_disconnect or str(context.original_exception) == _LOST
