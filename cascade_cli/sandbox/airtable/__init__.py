"""The embedded Airtable: one base with the tables of Venice, behind Airtable's web API.

`Tables` is the same base without HTTP, for the Venice engine and the seed.
"""

from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.airtable.rows import SCHEMA
from cascade_cli.sandbox.airtable.service import BASE_ID, AirtableSandbox
from cascade_cli.sandbox.airtable.tables import Tables

__all__ = ["BASE_ID", "SCHEMA", "AirtableSandbox", "Refusal", "Tables"]
