"""Everything that doctor can say."""

from __future__ import annotations

from cascade_cli.domain.doctor import (
    airtable,
    areas,
    clocks,
    engine,
    journal,
    machine,
    older,
    processor,
    rates,
    schema,
    settings,
    stripe,
    venice,
    webhook,
)

FINDINGS = (
    *areas.FINDINGS,
    *settings.FINDINGS,
    *rates.FINDINGS,
    *machine.FINDINGS,
    *clocks.FINDINGS,
    *stripe.FINDINGS,
    *webhook.FINDINGS,
    *airtable.FINDINGS,
    *schema.FINDINGS,
    *processor.FINDINGS,
    *engine.FINDINGS,
    *older.FINDINGS,
    *venice.FINDINGS,
    *journal.FINDINGS,
)
