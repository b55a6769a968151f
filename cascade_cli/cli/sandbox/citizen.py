"""`cascade sandbox citizen`: changes that happen to citizens without cascade's knowledge."""

from __future__ import annotations

from cascade_cli.cli.sandbox.options import CitizenChange
from cascade_cli.cli.sandbox.run import opened, text_outcome, translated_errors
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.errors import UsageError
from cascade_cli.sandbox.venice import Residents

FORMS = "add NAME, remove NAME, rename OLD NEW, or stipend"


def citizen(session: Session, change: CitizenChange) -> Outcome:
    """Change the embedded base. Raises UsageError, and changes nothing, for an unknown change."""
    with opened(session) as app, translated_errors():
        data, text = _carry_out(app.residents, change)
    return text_outcome({"step": change.step, **data}, text)


def _carry_out(residents: Residents, change: CitizenChange) -> tuple[dict[str, object], str]:
    match (change.step, change.name, change.new_name):
        case ("add", str(name), None):
            made = residents.add(name, ducats=change.ducats, social_class=change.social_class)
            text = f"{escape(name)} is in Venice, as the new record {made['id']}."
            return {"citizen": name, "record_id": made["id"]}, text
        case ("remove", str(name), None):
            gone = residents.remove(name)
            text = f"{escape(name)} is no longer in Venice."
            return {"citizen": name, "record_id": gone["id"]}, text
        case ("rename", str(name), str(new)):
            same = residents.rename(name, new)
            text = f"{escape(name)} is called {escape(new)} now; stratagems keep the old name."
            return {"citizen": new, "record_id": same["id"]}, text
        case ("stipend", None, None):
            paid = residents.pay_stipends()
            return {"citizens": paid}, f"{len(paid)} Innovatori got 3,000 ducats each."
        case _:
            raise UsageError(
                f"That is not a change of a citizen. Choose one of: {FORMS}.",
                "Nothing was changed.",
            )
