"""The real PgBouncer in transaction pooling, before a real PostgreSQL."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DATABASE = "pooled"
# Two sessions for all clients: each transaction comes to another one than the one before.
_SETTINGS = """[databases]
{database} = host={server} user=postgres dbname={database}
[pgbouncer]
pool_mode = transaction
default_pool_size = 2
auth_type = any
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
logfile = {folder}/log
pidfile = {folder}/pid
"""


@contextmanager
def running_pgbouncer(postgresql_url: str) -> Iterator[str]:
    """Start it, and give the URL of an empty database behind it."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}".encode())
    server = str(make_url(postgresql_url).query["host"])
    folder, port = Path(tempfile.mkdtemp(prefix="cascade-pgb-")), _free_port()
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        _SETTINGS.format(database=DATABASE, server=server, port=port, folder=folder)
    )
    owner = Path(server).stat().st_uid
    os.chown(folder, owner, -1)
    # It refuses to run as root, and only the database's own user may enter its folder.
    user = ["-u", pwd.getpwuid(owner).pw_name] if os.getuid() == 0 else []
    process = subprocess.Popen(
        [str(PGBOUNCER), "-q", *user, str(settings)], stderr=subprocess.DEVNULL
    )
    try:
        url = f"postgresql://anybody@/{DATABASE}?host={folder}&port={port}"
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                raise
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("PgBouncer took no connection within 30 seconds")


def _free_port() -> int:
    """It names the socket's file; nobody listens on the network."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
