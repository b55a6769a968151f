"""`cascade schedule`: the line or the units for the nightly reconciliation."""

from __future__ import annotations

import getpass
import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cascade_cli.cli.schedule.options import NightlyEnd, NightlyOptions
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.errors import UsageError
from cascade_cli.settings import JOURNAL_URL, SETTINGS
from cascade_cli.settings.locations import STATE_DIR
from cascade_cli.settings.settings_file import Place
from cascade_cli.settings.sources import Form
from cascade_cli.wiring.journal import journal_file
from cascade_cli.wiring.state_folder import check_state_folder

_CONFIG_HOME = "XDG_CONFIG_HOME"
# A month of nights.
_BACKUPS = "30"
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True)
class Nightly:
    """The nightly run: what its options come to."""

    options: NightlyOptions
    end: NightlyEnd

    @property
    def clock(self) -> tuple[int, int]:
        """Hour and minute. Raises UsageError."""
        at = self.options.at
        match = _CLOCK.fullmatch(at)
        if not match:
            raise UsageError(f"--at {at!r} is not a time of day.", "Write it like 03:30.")
        return int(match[1]), int(match[2])

    def words(self, session: Session) -> list[str]:
        """The command, with absolute paths: cron and systemd know no virtual environment."""
        session.enter_sandbox(session.found)
        repair = ["--repair", "--yes"] if self.options.repair else []
        # Two or three requests more, so that the memory of what is settled is checked every night.
        command = ["reconcile", "--since", "last", "--verify", "sample", *repair, *self._telling()]
        return [*_program(session), *command]

    def backup_words(self, session: Session) -> list[str]:
        """The command that makes the backup, if one is wanted.

        Raises UsageError if the folder cannot be written.
        """
        backup = self.options.backup
        if backup is None:
            return []
        if not (backup.is_dir() and os.access(backup, os.W_OK | os.X_OK)):
            raise UsageError(
                f"--backup {str(backup)!r} is not a folder that you may write.",
                "Nothing was printed. Make it first, best on a disk that the journal is not on.",
            )
        folder = str(backup.absolute())
        return [*_program(session), "journal", "backup", folder, "--keep", _BACKUPS]

    def _telling(self) -> list[str]:
        words = ["--alert"] if self.end.alert else []
        # An invalid address is refused now, not every night.
        words += ["--ping", str(self.end.ping)] if self.end.switch() else []
        metrics, page = self.end.metrics(), self.end.page()
        words += ["--metrics-file", str(metrics)] if metrics else []
        return words + (["--report", str(page)] if page else [])

    def folders(self, session: Session) -> list[str]:
        """The folders that a run writes to."""
        files = (_journal_file(session), self.end.metrics(), self.end.page())
        backup = self.options.backup
        # The folder above all profiles, because the pace of each service is kept there.
        root = session.found.root.absolute()
        folders = (
            root,
            *(file.parent for file in files if file),
            *([backup.absolute()] if backup else []),
        )
        return list(dict.fromkeys(map(str, folders)))


def _program(session: Session) -> list[str]:
    return [sys.executable, "-m", "cascade_cli", "--quiet", *session.options]


def _journal_file(session: Session) -> Path | None:
    """The journal's own file, where CASCADE_JOURNAL_URL names one."""
    address = session.found.get(JOURNAL_URL.name, "").strip()
    file = journal_file(session, address) if address and not session.sandbox else None
    return file.absolute() if file else None


def cron(session: Session, nightly: Nightly) -> Outcome:
    """One crontab line. Cron mails what the command prints, which is nothing but the report."""
    hour, minute = nightly.clock
    # Cron starts with an empty environment; the journal must be the one that you use by hand.
    given, words = _environment(session), nightly.words(session)
    backup = nightly.backup_words(session)
    _refuse_line_breaks([*given, str(Path.cwd()), *words, *backup])
    run = shlex.join(["env", *given, *words])
    if backup:
        # Back up even after a failed run.
        run = f"{{ {run}; {shlex.join(['env', *given, *backup])}; }}"
    command = f"cd {shlex.quote(str(Path.cwd()))} && {run}"
    # For cron, a bare % ends the command.
    return _text(f"{minute} {hour} * * * {command.replace('%', chr(92) + '%')}\n")


def systemd(session: Session, nightly: Nightly) -> Outcome:
    """Service and timer in one text. A comment above each names the file that it belongs in."""
    hour, minute = nightly.clock
    given, folders = _environment(session), nightly.folders(session)
    credentials, backup = [*_credentials(session)], nightly.backup_words(session)
    words, profile = nightly.words(session), session.profile_in_use
    _refuse_line_breaks([*given, str(Path.cwd()), *folders, *words, *backup, *credentials])
    for missing in (folder for folder in folders if not Path(folder).is_dir()):
        session.warn(f"systemd starts the service only if the folder {missing!r} exists")
    return _text(
        _UNITS.format(
            # The units of one shop must not replace those of another.
            unit="-".join(filter(None, ("cascade-reconcile", profile))),
            shop=f" ({profile})" if profile else "",
            # systemd expands $ in commands only.
            command=_unit_command(words),
            afterwards=_AFTERWARDS.format(command=_unit_command(backup)) if backup else "",
            user=_user(),
            folder=str(Path.cwd()).replace("%", "%%"),
            written=" ".join(map(_unit_word, folders)),
            private_tmp="no" if any(map(_is_temporary, folders)) else "yes",
            environment=" ".join(map(_unit_word, given)),
            credentials="".join(f"LoadCredential={_specified(each)}\n" for each in credentials),
            hour=hour,
            minute=minute,
        )
    )


def _unit_command(words: Iterable[str]) -> str:
    return " ".join(_unit_word(word).replace("$", "$$") for word in words)


def _environment(session: Session) -> list[str]:
    """The variables that lead the job to the same settings and journal. Raises SettingsError."""
    check_state_folder(session.folder)
    config = os.environ.get(_CONFIG_HOME, "") if session.profile_in_use else ""
    return [
        f"{STATE_DIR.name}={session.found.root.absolute()}",
        *([f"{_CONFIG_HOME}={config}"] if config else []),
    ]


def _credentials(session: Session) -> Iterator[str]:
    """`NAME:FILE` for each secret that systemd can pass on.

    systemd reads the file as root, and shows its content to this service alone. Warns of secrets
    that the service cannot get.
    """
    if session.sandbox:
        return
    files = dict(session.found.secret_files())
    for setting in (one for one in SETTINGS if one.secret):
        source = session.found.source(setting.name)
        if setting.name in files:
            yield f"{setting.name}:{files[setting.name].absolute()}"
        elif source.form is Form.KEYRING:
            session.warn(
                f"{source} is in the keyring, which a systemd service cannot ask: put the value "
                f"into a file that only root may read, and name it with {setting.name}_FILE"
            )
        elif source.place is Place.ENVIRONMENT and source.written.strip():
            session.warn(
                f"the service gets no {setting.name}, because only the environment has it: put it "
                f"into the settings file, or into a file that you name with {setting.name}_FILE"
            )


def _specified(word: str) -> str:
    """A unit's value that is one text, not a list of words. systemd expands %."""
    return word.replace("%", "%%")


def _user() -> str:
    """The user for the unit: a name, or the number of a user without one."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return str(os.getuid())


def _is_temporary(folder: str) -> bool:
    """With PrivateTmp, a service has copies of these folders that nobody else sees."""
    return any(Path(folder).is_relative_to(place) for place in ("/tmp", "/var/tmp"))  # noqa: S108


def _unit_word(word: str) -> str:
    """One word of a list: systemd expands %, and quotes like C."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if re.search(r"[\s\"'\\;]", word) else escaped


def _refuse_line_breaks(words: Iterable[str]) -> None:
    """Raises UsageError: neither cron nor systemd can express a line break."""
    for word in words:
        if any(character in word for character in "\n\r"):
            raise UsageError(
                f"The line break in {word!r} cannot be written into a schedule.",
                "Nothing was printed. Use a folder or file without one in its name.",
            )


def _text(text: str) -> Outcome:
    def show(_session: Session) -> None:
        sys.stdout.write(text)

    return Outcome({"text": text}, show)


_AFTERWARDS = """\
# The journal is backed up even after a failed run.
ExecStopPost={command}
TimeoutStopSec=15min
"""
_UNITS = """\
# /etc/systemd/system/{unit}.service
[Unit]
Description=Reconcile Stripe charges with Venice transfers{shop}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
# Exit status 3 (discrepancies remain) counts as a failure, so that OnFailure= can tell you.
ExecStart={command}
{afterwards}User={user}
WorkingDirectory={folder}
# The journal that you use by hand. The service can write only to the folders named here.
Environment={environment}
{credentials}ReadWritePaths={written}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp={private_tmp}
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
LockPersonality=yes
MemoryMax=1G
TimeoutStartSec=1h

# /etc/systemd/system/{unit}.timer
[Unit]
Description=Reconcile every night{shop}

[Timer]
OnCalendar=*-*-* {hour:02}:{minute:02}:00
RandomizedDelaySec=5m
# A night that the machine slept through is made up for.
Persistent=true

[Install]
WantedBy=timers.target
"""
