"""Runs made of values, and their pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cascade_cli.cli.reconcile.json import RunFacts
from cascade_cli.cli.reconcile.report.page import render
from cascade_cli.cli.reconcile.report.view import ReportPage as View
from cascade_cli.cli.reconcile.report.view import judged_page
from cascade_cli.domain.history.checkpoint import Changes, WithoutVerdict
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.services.reconcile.gather import Coverage, Run
from tests.cli.reconcile.report.reading import Page
from tests.domain.samples import TERMS, WEEK, a_snapshot

READING = RunFacts(WEEK, TERMS, stripe_requests=2, airtable_requests=3)


def view(
    charges: Iterable[Charge],
    stratagems: Iterable[Stratagem] = (),
    changes: Changes | None = None,
    **data: Any,
) -> View:
    """What stands on the page of a run over these; `data` as --json would tell it."""
    charges, stratagems = tuple(charges), tuple(stratagems)
    snapshot = a_snapshot(charges, stratagems)
    coverage = Coverage(len(charges), len(stratagems), other_products=0, unpaid=0)
    run = Run(
        snapshot, coverage, reconcile(snapshot, TERMS), WithoutVerdict(), snapshot.window.since
    )
    return judged_page(run, replace(READING, since_last=changes), data)


def shown(page: View) -> Page:
    """The page itself, read back."""
    return Page(render(page, sandbox=False, redacted=lambda text: text))
