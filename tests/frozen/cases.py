"""The command lines whose answers are kept, case by case.

Each case is typed twice, each time into a sandbox of its own: as it stands, and once more with
--json after every command that knows it. Before `| cat` the answer goes into a pipe. `{re}` is the
last refund that was printed. The files that the commands read lie in the folder desk/.
"""

from __future__ import annotations

MISSING = "pi_3K26cFMOMjc6eQsKxHAegSm4"
FAILED = "pi_3dwZ0OdmaiB7iDod7jooDGNQ"
STALLED = "pi_3ttTNeLaAaCEys47bbisNW6z"
DOUBTFUL = "pi_3hzz7gx0XIcXauOz19fho1La"
DOUBTFUL_ROW = "recDmA1gkpL08NqsW"
DUPLICATE = "pi_3WjWmObTfr39gYPyYYCTVGVf"
WRONG_CITIZEN = "pi_3Vl43rQc6qKWAYAWgj1EiROb"
TOO_FEW = "pi_3fHRTlXyr8bP6H2B8faaLkvm"
UNATTRIBUTABLE = "pi_3faTWbhJD37sxPXtgXD41qrK"
UNKNOWN_CITIZEN = "pi_3bD2EwF0rf2tKNT3ygSX4PhD"
DISPUTED = "pi_3mi9PRdNc1MsEzHb5dEzx3jN"
UNDERPAID = "pi_3BkmR74HDCcVoXJsvQ0UbKId"
REFUNDED = "pi_3MjVJAfYlplS5epAvkBBJska"
REFUNDED_IN_PART = "pi_3jm5cSAc3YL2pRpX9CiCO7bQ"
SETTLED = "pi_3ANzrGzAetbMoMpMCqacqGMP"
ORPHAN = "cascade_payment_BasstheWhale_1794995748"
ORPHAN_ROW = "recOFGUcDfjjwpbTY"

RECONCILE = {
    "reconcile": "cascade --sandbox reconcile",
    "reconcile_pipe": "cascade --sandbox reconcile | cat",
    "reconcile_csv": "cascade --sandbox reconcile --all --csv | cat",
    "reconcile_kinds": """
        cascade --sandbox reconcile --kind settled --kind in-flight --limit 5
        cascade --sandbox reconcile --kind orphan --kind wrong_citizen --citizen BasstheWhale
        """,
    "reconcile_window": """
        cascade --sandbox reconcile --since 4d --until 2026-11-19T12:00:00Z --grace 20m --limit 4
        cascade --sandbox reconcile --since 1s
        cascade --sandbox reconcile --since 30d --until 29d
        """,
    "reconcile_last": """
        cascade --sandbox reconcile --since last --limit 2
        cascade --sandbox sandbox pay NLR --ducats 30
        cascade -q --sandbox reconcile --since last --limit 2 --verify full
        """,
    "reconcile_files": """
        cascade --sandbox reconcile --since 2d --report report.html --metrics-file cascade.prom
        """,
    "reconcile_refused": """
        cascade --sandbox reconcile --since yesterday
        cascade --sandbox reconcile --until soon
        cascade --sandbox reconcile --since 2999-01-01
        cascade --sandbox reconcile --since 7d --until 8d
        cascade --sandbox reconcile --grace 15
        cascade --sandbox reconcile --kind lost
        cascade --sandbox reconcile --limit 0
        cascade --sandbox reconcile --json --csv
        cascade --sandbox reconcile --dry-run
        cascade --sandbox reconcile --verify sample
        cascade --sandbox reconcile --ping nowhere
        cascade --sandbox reconcile --alert
        cascade --sandbox reconcile --metrics-file missing/cascade.prom
        """,
    "repair_dry_run": "cascade --sandbox reconcile --repair --dry-run",
    "repair": """
        cascade --sandbox reconcile --repair
        cascade --sandbox reconcile --repair --yes --since 3d
        cascade --sandbox sandbox run-engine | cat
        cascade --sandbox reconcile --repair --yes --since 3d
        cascade --sandbox journal verify
        """,
    "quiet_shop": """
        cascade sandbox reset
        cascade sandbox seed --scenario quiet --payments 20
        cascade --sandbox reconcile
        cascade --sandbox status --since 7d
        cascade --sandbox reconcile --since last --verify full
        cascade --sandbox review
        cascade --sandbox reconcile --repair
        """,
    "empty_shop": """
        cascade sandbox reset
        cascade sandbox seed --scenario empty
        cascade --sandbox reconcile
        cascade --sandbox reconcile --csv | cat
        cascade --sandbox status
        cascade --sandbox stratagem list
        cascade --sandbox events list
        cascade --sandbox citizen show
        cascade --sandbox doctor
        """,
    "guarded_shop": """
        cascade sandbox reset
        cascade sandbox seed --scenario guarded --payments 12
        cascade --sandbox reconcile --all
        cascade --sandbox reconcile --repair --dry-run
        cascade --sandbox reconcile --repair --yes
        """,
    "sandbox_seed": """
        cascade sandbox seed --scenario quiet
        cascade sandbox reset
        cascade sandbox seed --payments 12
        cascade sandbox seed --scenario storm
        cascade sandbox seed --scenario quiet --payments 17 --days 2 --seed 4 --engine-notices
        cascade --sandbox reconcile --all
        cascade sandbox reset
        cascade sandbox seed --from nonsense.toml
        cascade sandbox seed --from story.toml --days 3
        cascade sandbox seed --from story.toml
        cascade --sandbox reconcile --since 7d --all
        """,
    "sandbox_advance": """
        cascade sandbox advance 3
        cascade sandbox advance 3d
        cascade --sandbox reconcile --since 10d --limit 2
        cascade sandbox advance 4d --no-engine
        """,
}

LOOKING = {
    "status": "cascade --sandbox status --since 7d",
    "status_last": """
        cascade --sandbox status
        cascade --sandbox reconcile --limit 1
        cascade --sandbox status
        """,
    "status_chosen": """
        cascade --sandbox status --since 7d --kind missing --kind failed --limit 3
        cascade --no-pager --no-color --sandbox status --since 7d --citizen ViaCristoforo
        """,
    "status_refused": """
        cascade --sandbox status --json --watch
        cascade --sandbox status --every 5m
        cascade --sandbox status --watch --every soon
        cascade --sandbox status --since yesterday
        """,
    "doctor": "cascade --sandbox doctor",
    "doctor_bundle": """
        cascade --sandbox doctor --yes
        cascade --sandbox doctor --dry-run
        cascade --sandbox doctor --bundle /nowhere/report.zip --yes
        cascade --sandbox doctor --bundle .
        cascade --sandbox doctor --bundle report.zip
        """,
    "doctor_verbose": "cascade -v --sandbox doctor",
    "help": """
        cascade help
        cascade help times
        cascade help tims
        cascade help --man /dev/null
        """,
    "lost_command": """
        cascade reconcile --sandbox --since 7d
        cascade --sandbox reconcile -v --env-file "my shop.env"
        cascade repair --since 7d
        cascade recncile --json
        cascade pi_3I1u6rFcQo6JAwyHzOI92FhQ
        cascade replay evt_1PgafTB7WZ01
        cascade journal verfy
        cascade journal burn
        """,
    "lost_id": f"""
        cascade --sandbox refund evt_1PgafTB7WZ01
        cascade --sandbox refund cascade_payment_{MISSING}
        cascade --sandbox credit --payment re_1PgafTB7WZ01 --reason owed
        cascade --sandbox stratagem status evt_1PgafTB7WZ01
        cascade --sandbox events replay {MISSING} --dry-run
        cascade --sandbox resolve evt_1PgafTB7WZ01 --accept -r lost --dry-run
        cascade --sandbox explain {ORPHAN[:-4]}
        cascade --sandbox explain {DOUBTFUL[:-4]}
        cascade --sandbox explain {DUPLICATE[:5]}
        cascade --sandbox stratagem status {ORPHAN_ROW[:-4]}
        cascade --sandbox refund {DOUBTFUL[:-4]} --dry-run
        cascade --sandbox resolve {DOUBTFUL[:-4]} --accept -r lost --dry-run
        """,
    "lost_name": """
        cascade --sandbox explain BasstheWhal
        cascade --sandbox explain Nobody
        cascade --sandbox stratagem list --citizen BasstheWhal
        cascade --sandbox reconcile --citizen bassthewhale --limit 1
        cascade --sandbox status --citizen BasstheWhal
        cascade --sandbox review --citizen BasstheWhal
        """,
    "alone": """
        cascade
        cascade --sandbox
        cascade -q --sandbox reconcile --since 7d --limit 1
        cascade --sandbox
        STRIPE_SECRET_KEY=sk_live_1 AIRTABLE_API_KEY=pat1.1 AIRTABLE_BASE_ID=appX cascade
        """,
    "completion": """
        cascade completion bash
        cascade completion zsh
        cascade completion fish
        cascade completion tcsh
        cascade completion
        """,
    "pricing": """
        cascade pricing
        cascade pricing --currency eur
        """,
    "review_no_terminal": """
        cascade --sandbox review --limit 8
        cascade --sandbox review --kind refunded --citizen SerenissimaTrader
        cascade --sandbox review --since 1s
        cascade --sandbox review --since yesterday
        """,
    "citizen_show": "cascade --sandbox citizen show",
    "stratagem_list": """
        cascade --sandbox stratagem list --since 2d
        cascade --sandbox stratagem list --status doubtful
        cascade --sandbox stratagem list --status active --citizen NLR
        cascade --sandbox stratagem list --status lost
        cascade --sandbox stratagem list --since soon
        """,
    "stratagem_status": f"""
        cascade --sandbox stratagem status {SETTLED}
        cascade --sandbox stratagem status {FAILED}
        cascade --sandbox stratagem status {STALLED}
        cascade --sandbox stratagem status {DOUBTFUL_ROW}
        cascade --sandbox stratagem status {DUPLICATE}
        cascade --sandbox stratagem status {ORPHAN}
        cascade --sandbox stratagem status {MISSING}
        cascade --sandbox stratagem status cascade_payment_pi_nowhere
        """,
    "stratagem_watch": f"""
        cascade --sandbox stratagem watch {SETTLED}
        cascade --sandbox stratagem watch {FAILED} --timeout 1m
        cascade --sandbox stratagem watch {MISSING}
        cascade --sandbox stratagem watch {FAILED} --timeout soon
        """,
    "events_list": """
        cascade --sandbox events list --limit 6
        cascade --sandbox events list --since 3d --type charge.refunded --type dispute.*
        cascade --sandbox events list --since 3h --until 2h --type charge.*
        cascade --sandbox events list --since 1s
        cascade --sandbox events list --since 40d --type dispute.* --limit 1
        cascade --sandbox events list --since soon
        """,
    "events_replay_dry_run": """
        cascade --sandbox events replay --since 12h --dry-run
        cascade --sandbox events replay --since 2d --type charge.refunded --limit 1 --dry-run
        """,
}

_EXPLAINED = {
    "explain": DOUBTFUL,
    "explain_citizen": "--since 7d SerenissimaTrader",
    "explain_missing": MISSING,
    "explain_failed": FAILED,
    "explain_stalled": STALLED,
    "explain_duplicate": DUPLICATE,
    "explain_wrong_citizen": WRONG_CITIZEN,
    "explain_amount_mismatch": TOO_FEW,
    "explain_unattributable": UNATTRIBUTABLE,
    "explain_unknown_citizen": UNKNOWN_CITIZEN,
    "explain_disputed": DISPUTED,
    "explain_underpaid": UNDERPAID,
    "explain_refunded": REFUNDED_IN_PART,
    "explain_settled": SETTLED,
    "explain_orphan": ORPHAN_ROW,
}
EXPLAIN = {
    **{name: f"cascade --sandbox explain {words}" for name, words in _EXPLAINED.items()},
    "explain_nothing": """
        cascade --sandbox explain pi_nowhere
        cascade --sandbox explain evt_nowhere
        cascade --sandbox explain recnowherenowhere
        cascade --sandbox explain Nobody
        cascade --sandbox explain ''
        cascade --sandbox explain --since soon NLR
        """,
}

MONEY = {
    "credit": """
        cascade --sandbox credit NLR 10.50 --reason 'a gift' --reference r1 --dry-run
        cascade --sandbox credit NLR 10.50 --reason 'a gift' --reference r1
        cascade --sandbox credit NLR 10.50 --reason 'a gift' --reference r1 --yes
        cascade --sandbox credit NLR 10.50 --reason 'a gift' --reference r1 --yes
        cascade --sandbox credit NLR 11 --reason 'a gift' --reference r1 --yes
        cascade --sandbox credit NLR 10.50 --reason 'a gift' --reference r2 --yes
        cascade --sandbox credit NLR 10.50 --reason 'a gift' --reference r2 --again --yes
        cascade --sandbox stratagem status cascade_manual_r1
        """,
    "credit_payment": f"""
        cascade --sandbox credit lucia-barbarigo 1075 --payment {MISSING} --reason lost --dry-run
        cascade --sandbox credit lucia-barbarigo 1075 --payment {MISSING} --reason lost --yes
        cascade --sandbox explain {MISSING}
        cascade --sandbox credit lucia-barbarigo 1075 --payment {MISSING} --reason lost --yes
        cascade --sandbox credit pietro_contarini 2750 --payment {FAILED} --reason lost --yes
        cascade --sandbox credit ViaCristoforo 1121 --payment {STALLED} --reason lost --yes
        """,
    "credit_refused": f"""
        cascade --sandbox credit Nobody 5 --reason gift --yes
        cascade --sandbox credit NLR nothing --reason gift --yes
        cascade --sandbox credit NLR -- -5 --reason gift
        cascade --sandbox credit NLR 5 --yes
        cascade --sandbox credit NLR
        cascade --sandbox credit NLR 50001 --reason gift --yes
        cascade --sandbox credit NLR 2000000 --reason gift --yes
        cascade --sandbox credit NLR 5 --payment pi_nowhere --reason gift --yes
        cascade --sandbox credit NLR 1075 --payment {MISSING} --reason gift --yes
        cascade --sandbox credit lucia-barbarigo 5 --payment {MISSING} --reason gift --yes
        cascade --sandbox credit NLR 9983 --payment {SETTLED} --reason gift --yes
        cascade --sandbox credit --file missing.csv --yes
        """,
    "credit_file": """
        cascade --sandbox credit --file credits.csv --dry-run
        cascade --sandbox credit --file credits.csv --yes
        cascade --sandbox credit --file credits.csv --yes
        cascade --sandbox credit --file broken.csv --yes
        cascade --sandbox credit --file credits.csv --reason both
        """,
    "credit_guarded": f"""
        cascade --env-file strict.env --sandbox credit NLR 6 --reason gift --yes
        cascade --env-file strict.env --sandbox reconcile --repair --dry-run --since 12h
        cascade --env-file strict.env --sandbox reconcile --repair --yes --since 12h
        cascade --sandbox credit --payment {UNDERPAID} --reason lost --yes
        cascade --sandbox credit --payment {UNDERPAID} --reason lost --although-underpaid --yes
        cascade --sandbox credit --payment {STALLED} --reason lost --although-ambiguous --yes
        """,
    "refund": f"""
        cascade --sandbox refund {REFUNDED} --dry-run
        cascade --sandbox refund {REFUNDED}
        cascade --sandbox refund {REFUNDED} --yes
        cascade --sandbox refund {REFUNDED} --yes
        cascade --sandbox refund {REFUNDED_IN_PART} --ducats 100 --yes
        cascade --sandbox explain {REFUNDED_IN_PART}
        """,
    "refund_written_off": f"""
        cascade --sandbox refund {REFUNDED} --write-off 'an old friend' --yes
        cascade --sandbox refund {REFUNDED} --yes
        cascade --sandbox reconcile --kind refunded
        """,
    "refund_refused": f"""
        cascade --sandbox refund pi_nowhere --yes
        cascade --sandbox refund {SETTLED} --yes
        cascade --sandbox refund {DISPUTED} --yes
        cascade --sandbox refund {REFUNDED} --ducats 999999 --yes
        cascade --sandbox refund {REFUNDED} --ducats many
        cascade --sandbox refund {REFUNDED} --although-underpaid --dry-run
        cascade --sandbox refund {REFUNDED} --ducats 5 --write-off both
        cascade --sandbox refund {REFUNDED} --write-off ''
        """,
    "resolve_credit": f"""
        cascade --sandbox resolve {WRONG_CITIZEN} --credit --reason 'went elsewhere' --dry-run
        cascade --sandbox resolve {WRONG_CITIZEN} --credit --reason 'went elsewhere'
        cascade --sandbox resolve {WRONG_CITIZEN} --credit --reason 'went elsewhere' --yes
        cascade --sandbox resolve {WRONG_CITIZEN} --credit --reason 'went elsewhere' --yes
        cascade --sandbox resolve {UNATTRIBUTABLE} --credit --citizen NLR -r 'he wrote to us' --yes
        cascade --sandbox resolve {TOO_FEW} --credit 12 -r 'a part of it' --yes
        cascade --sandbox reconcile --kind wrong-citizen --kind unattributable
        """,
    "resolve_take_back": f"""
        cascade --sandbox resolve {DUPLICATE} --take-back --reason twice --dry-run
        cascade --sandbox resolve {DUPLICATE} --take-back --reason twice --yes
        cascade --sandbox resolve {ORPHAN_ROW} --take-back --reason unpaid --yes
        cascade --sandbox explain {DUPLICATE}
        """,
    "resolve_decided": f"""
        cascade --sandbox resolve {DOUBTFUL_ROW} --moved --reason 'the balances show it' --yes
        cascade --sandbox resolve {DOUBTFUL_ROW} --not-moved --reason 'they do not' --yes
        cascade --sandbox resolve {DOUBTFUL_ROW} --reopen --reason 'look again' --yes
        cascade --sandbox resolve {UNDERPAID} --accept --reason 'delivered below its price' --yes
        cascade --sandbox resolve {DISPUTED} --snooze 7d --reason 'the bank decides' --yes
        cascade --sandbox explain {DISPUTED}
        cascade --sandbox reconcile --kind disputed --kind underpaid --kind doubtful
        cascade --sandbox status --since 7d
        """,
    "resolve_settled_by": f"""
        cascade --sandbox resolve {MISSING} --settled-by {ORPHAN} --reason 'made by hand' --yes
        cascade --sandbox resolve {MISSING} --settled-by nowhere --reason 'made by hand' --yes
        """,
    "resolve_refused": f"""
        cascade --sandbox resolve pi_nowhere --accept --reason none --yes
        cascade --sandbox resolve {SETTLED} --accept --reason none --yes
        cascade --sandbox resolve {MISSING}
        cascade --sandbox resolve {MISSING} --accept
        cascade --sandbox resolve {MISSING} --accept --snooze 7d --reason both
        cascade --sandbox resolve {MISSING} --take-back --reason none --yes
        cascade --sandbox resolve {MISSING} --snooze soon --reason none --yes
        cascade --sandbox resolve {MISSING} --reopen --reason none --yes
        cascade --sandbox resolve {UNATTRIBUTABLE} --credit --reason unknown --yes
        cascade --sandbox resolve {MISSING} --credit --again --reason none --dry-run
        cascade --sandbox resolve {MISSING} --credit --although-underpaid --reason none --dry-run
        cascade --sandbox resolve {MISSING} --credit --although-ambiguous --reason none --dry-run
        cascade --sandbox resolve {DOUBTFUL_ROW} --credit 5 --citizen NLR --reason none --yes
        """,
    "events_replay": """
        cascade --sandbox events replay --since 12h
        cascade --sandbox events replay --since 12h --yes
        cascade --sandbox events replay --since 12h --until 3h --yes
        cascade --sandbox events replay --file event.json --dry-run
        """,
    "events_replay_refused": """
        cascade --sandbox events replay --yes
        cascade --sandbox events replay evt_nowhere --yes
        cascade --sandbox events replay evt_nowhere --since 1d --yes
        cascade --sandbox events replay --file missing.json --yes
        cascade --sandbox events replay --file credits.csv --yes
        cascade --sandbox events replay --since 1d --forward-to nowhere --yes
        cascade --sandbox events replay --since 2999-01-01 --yes
        cascade --sandbox events replay --since 1s --yes
        """,
    "citizen_setup": """
        cascade --sandbox citizen setup --ducats 2000000 --dry-run
        cascade --sandbox citizen setup --ducats 2000000
        cascade --sandbox citizen setup --ducats 2000000
        cascade --sandbox citizen setup --ducats 5 --yes
        cascade --sandbox citizen setup --ducats 5 --force
        cascade --sandbox citizen setup --ducats 5 --force --yes
        cascade --sandbox citizen setup --ducats many
        cascade --sandbox citizen show
        """,
    "citizen_replenish": """
        cascade --sandbox citizen replenish --by 500.5 --dry-run
        cascade --sandbox citizen replenish --by 500.5
        cascade --sandbox citizen replenish --to 1000000
        cascade --sandbox citizen replenish --to 1000
        cascade --sandbox citizen replenish --to 1000 --force --yes
        cascade --sandbox citizen replenish
        cascade --sandbox citizen replenish --by 5 --to 10
        """,
    "checkout": """
        cascade --sandbox checkout NLR --package 500
        cascade --sandbox checkout NLR --ducats 150
        cascade --sandbox checkout NLR --package 500 --monthly
        cascade --sandbox checkout NLR --package 500 --from LagunaNord --message Auguri --anonymous
        cascade --sandbox checkout --file members.csv
        """,
    "checkout_paid": """
        cascade --sandbox checkout NLR --package 500
        # the buyer pays {cs_test}
        cascade --sandbox explain {cs_test}
        cascade --sandbox events replay --since 1h --yes
        cascade --sandbox explain {cs_test}
        """,
    "checkout_refused": """
        cascade --sandbox checkout
        cascade --sandbox checkout NLR
        cascade --sandbox checkout NLR --ducats 150 --package 500
        cascade --sandbox checkout NLR --package 501 --open
        cascade --sandbox checkout NLR --ducats 1
        cascade --sandbox checkout NLR --ducats many
        cascade --sandbox checkout NLR --package 500 --currency eur
        cascade --sandbox checkout NLR --package 500 --message Auguri
        cascade --sandbox checkout NLR --file many.csv
        cascade --sandbox checkout Nobody --package 500
        cascade --sandbox checkout --file missing.csv
        cascade --sandbox checkout --file broken.csv
        """,
}

KEEPING = {
    "journal": """
        cascade --sandbox journal list
        cascade --sandbox journal verify
        cascade --sandbox credit NLR 5 --reason gift --reference r1 --yes
        cascade --sandbox credit LagunaNord 6 --reason gift --reference r2 --yes
        cascade --sandbox journal list --limit 3
        cascade --sandbox journal list --key cascade_manual_r1
        cascade --sandbox journal list --since 1s
        cascade --sandbox journal list --since 2m --until 1m
        cascade --sandbox journal verify
        cascade --sandbox journal export --key cascade_manual_r2 --until 1m | cat
        cascade --sandbox journal export --since 1h --output entries.jsonl
        """,
    "journal_refused": """
        cascade --sandbox journal list --since soon
        cascade --sandbox journal list --key nowhere
        cascade --sandbox journal verify --against nonsense
        cascade --sandbox credit NLR 5 --reason gift --reference r1 --yes
        cascade --sandbox journal verify --against 0000000000000000:3
        cascade --sandbox journal export --output missing/entries.jsonl
        """,
    "journal_restore": """
        cascade --sandbox journal backup none.sqlite3
        cascade --sandbox credit NLR 5 --reason gift --reference r1 --yes
        cascade --sandbox journal backup one.sqlite3
        cascade --sandbox journal backup one.sqlite3
        cascade --sandbox journal backup two.sqlite3 --keep 2
        cascade --sandbox journal restore one.sqlite3
        cascade --sandbox journal catch-up
        cascade --sandbox journal catch-up --since soon
        cascade --sandbox credit LagunaNord 6 --reason gift --reference r2 --yes
        cascade --sandbox journal verify
        cascade --sandbox journal restore one.sqlite3
        cascade --sandbox journal restore one.sqlite3 --force
        cascade --sandbox journal restore one.sqlite3 --dry-run
        cascade --sandbox journal restore one.sqlite3 --force --yes
        cascade --sandbox journal list --limit 3
        cascade --sandbox journal restore missing.sqlite3
        cascade --sandbox journal restore credits.csv
        cascade --sandbox journal restore one.sqlite3 --against nonsense
        """,
    "init": """
        cascade --sandbox init
        cascade init --no-input
        cascade init | cat
        cascade --profile rialto init lido
        cascade init a/b
        cascade --env-file none.env init
        STRIPE_SECRET_KEY=nonsense AIRTABLE_API_KEY=pat AIRTABLE_BASE_ID=app cascade init --no-input
        """,
    "config": """
        cascade config show
        cascade --profile rialto config show
        CASCADE_PROFILE=lido cascade --no-color config show | cat
        CASCADE_PROFILE=lido cascade config check
        cascade --sandbox config check
        CASCADE_SANDBOX=maybe cascade config check
        """,
    "profile": """
        cascade profile list
        cascade profile default rialto
        cascade profile list
        cascade config show | cat
        cascade profile default corfu
        cascade profile default
        cascade profile default --none
        cascade --profile corfu journal list
        cascade --profile lido --sandbox citizen show
        AIRTABLE_BASE_ID=appOther cascade --profile lido reconcile
        """,
    "schedule": """
        cascade schedule cron | cat
        cascade schedule cron --backup . | cat
        cascade schedule cron --backup missing
        cascade --sandbox schedule cron --at 04:05 --repair --alert --report night.html | cat
        cascade schedule cron --ping https://hc.example/1 --metrics-file cascade.prom | cat
        cascade schedule cron --at noon
        cascade schedule systemd | cat
        cascade schedule systemd --backup . | cat
        cascade schedule systemd --repair --metrics-file cascade.prom --ping https://hc.test/1
        cascade schedule systemd --at 05:00 --alert --report night.html
        cascade schedule systemd --ping nowhere
        """,
    "serve_refused": """
        cascade serve --host 0.0.0.0
        cascade --sandbox serve --port 70000
        cascade sandbox serve --engine-every soon
        cascade sandbox serve --clock-ahead 1h --clock-behind 1h
        cascade sandbox serve --webhook https://example.com/hook
        cascade sandbox serve --airtable-rate 0
        cascade sandbox serve --stripe-rate 0
        cascade sandbox serve --port -1
        cascade sandbox serve --latency -1
        cascade sandbox serve --webhook-twice 2
        cascade sandbox serve --webhook-shuffle --engine-notices --clock-behind never
        """,
    "sandbox_engine": f"""
        cascade sandbox run-engine
        cascade sandbox run-engine --only cascade_payment_{STALLED}
        cascade sandbox run-engine --only nowhere
        cascade sandbox run-engine --kill-after teatime
        cascade sandbox run-engine --fail-at teatime
        cascade --sandbox stratagem status {STALLED}
        """,
    "sandbox_citizen": """
        cascade sandbox citizen add elena --class Innovatori --ducats 25
        cascade sandbox citizen rename elena Elena
        cascade sandbox citizen stipend
        cascade sandbox citizen remove Elena
        cascade sandbox citizen remove Elena
        cascade sandbox citizen crown Elena
        """,
    "sandbox_money": """
        cascade sandbox pay NLR --ducats 250 --cents 2400 --currency eur
        cascade sandbox pay NLR --hold
        cascade sandbox capture {pi} --cents 600
        cascade sandbox capture {pi}
        cascade sandbox refund {pi} --cents 250 --status pending
        cascade sandbox refund {re} --status failed
        cascade sandbox refund {re} --status pending --unfunded
        cascade sandbox dispute {pi} --cents 200
        cascade sandbox dispute {du} --status won
        cascade sandbox dispute {du} --status forgiven
        cascade sandbox dispute {pi} --cents 37 --currency eur --withdrawn 40
        cascade sandbox dispute {pi} --status prevented --prevented-by luck
        """,
    "sandbox_subscription": """
        cascade --sandbox checkout NLR --package 500 --monthly
        # the buyer pays {cs_test}
        cascade sandbox subscription {cs_test} renew
        cascade sandbox subscription {cs_test} fail
        cascade sandbox subscription {cs_test} pay
        cascade sandbox subscription {cs_test} add --product newsletter --cents 900 --quantity 2
        cascade --sandbox explain {sub}
        cascade sandbox subscription {cs_test} credit --cents 1000
        cascade sandbox subscription {cs_test} discount --product newsletter --cents 500
        cascade sandbox subscription {cs_test} renew
        cascade sandbox subscription {cs_test} send
        cascade sandbox subscription {cs_test} attach --cents 2000
        cascade sandbox subscription {cs_test} change --product letter --cents 9 --listed-cents 8
        cascade sandbox subscription {cs_test} attach --payment pi_nowhere
        cascade sandbox subscription {cs_test} pause
        cascade sandbox subscription {cs_test} resume
        cascade sandbox subscription {cs_test} cancel
        cascade --sandbox reconcile --since 1h
        """,
    "sandbox_product": """
        cascade --sandbox checkout NLR --package 500 --monthly
        cascade sandbox product cascade_ducats_500_25 --inactive
        cascade --sandbox checkout NLR --package 500 --monthly
        cascade sandbox product cascade_ducats_500_25
        cascade sandbox product nowhere
        cascade sandbox subscription sub_nowhere renew
        cascade sandbox subscription sub_nowhere change
        cascade sandbox subscription sub_nowhere marry
        """,
    "sandbox_event": """
        cascade sandbox event balance.available
        cascade sandbox event charge.refunded --object '{"id": "ch_none"}' --set a=5 --without id
        cascade sandbox event balance.available --object nonsense
        """,
}

NEEDS_SETTINGS = [
    "reconcile",
    "reconcile --repair --yes",
    "status",
    "review",
    "explain pi_nowhere",
    "credit NLR 5 --reason gift --yes",
    "refund pi_nowhere --yes",
    "resolve pi_nowhere --accept --reason none --yes",
    "serve",
    "checkout NLR --package 500",
    "pricing",
    "events list",
    "events replay --since 1d",
    "journal list",
    "journal verify",
    "journal export",
    "journal backup backup.sqlite3",
    "journal restore backup.sqlite3",
    "journal catch-up",
    "citizen setup",
    "citizen replenish --by 5",
    "citizen show",
    "stratagem status pi_nowhere",
    "stratagem list",
    "stratagem watch pi_nowhere",
]
USAGE = {
    "no_settings": "\n".join(f"cascade {words}" for words in NEEDS_SETTINGS),
    "bad_settings": """
        VENICE_API_URL=nowhere cascade doctor
        CASCADE_GRACE=soon cascade --sandbox reconcile
        CASCADE_ENGINE_SCHEDULE=never cascade --sandbox citizen show
        STRIPE_SECRET_KEY=nonsense AIRTABLE_API_KEY=pat AIRTABLE_BASE_ID=app cascade reconcile
        STRIPE_SECRET_KEY=nonsense cascade --sandbox reconcile --since 1s
        CASCADE_PRICES=missing.toml cascade pricing
        CASCADE_STATE_DIR=/dev/null/state cascade --sandbox reconcile
        CASCADE_SANDBOX=1 cascade reconcile --since 1s
        """,
    "wrong_usage": """
        cascade
        cascade pay
        cascade --no-such-option
        cascade --env-file missing.env reconcile
        cascade sandbox
        cascade journal
        cascade events list unwanted
        cascade explain
        cascade refund
        cascade resolve
        cascade reconcile unwanted
        cascade stratagem status
        cascade sandbox pay
        cascade sandbox seed --payments many
        cascade --version
        """,
}

CASES = {**RECONCILE, **LOOKING, **EXPLAIN, **MONEY, **KEEPING, **USAGE}
