"""The journal on SQLite or PostgreSQL. Importing it costs a quarter of a second (SQLAlchemy)."""

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.journal import Journal
from cascade_cli.adapters.journal.locks import ClaimLostError, RunLock

__all__ = ["ClaimLostError", "Database", "Journal", "RunLock"]
