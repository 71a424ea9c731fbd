"""A PostgreSQL server of our own, from the system's binaries, on a Unix socket in /tmp."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg

_DEBIAN = Path("/usr/lib/postgresql")
# Nothing here outlives the machine, so nothing waits for its disk.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
}
_SUPERUSER = "tester"
_START_S = 30.0
# The server ends with our pipe, so that tests which are killed leave no server behind.
_WITH_STDIN = """
"$@" & server=$!
cat > /dev/null
kill -QUIT $server
wait $server
rm -rf "$0"
"""


def binary(name: str) -> Path | None:
    """Where a PostgreSQL program is: beside the newest server, or on the PATH."""
    versions = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1]
    found = shutil.which(name)
    return Path(found) if found else None


def is_available() -> bool:
    """Whether a server can be started here."""
    return binary("initdb") is not None and binary("postgres") is not None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """A running server; the folder of its socket. It ends with the block."""
    # A short path, because a socket's name has to fit in 107 bytes, and one that a user
    # who is not root may enter.
    folder = Path(tempfile.mkdtemp(prefix="ledger-", dir="/tmp"))
    try:
        user = _hand_over(folder)
        subprocess.run(
            [
                *(str(binary("initdb")), "--pgdata", str(folder / "data"), "--auth", "trust"),
                *("--username", _SUPERUSER, "--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **user,
        )
        with _running(folder, user):
            yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hand_over(folder: Path) -> dict[str, int]:
    """PostgreSQL refuses to run as root: give the folder to whom it may run as."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = names.get("postgres") or names["nobody"]
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid}


@contextlib.contextmanager
def _running(folder: Path, user: dict[str, int]) -> Iterator[None]:
    settings = [part for item in _SETTINGS.items() for part in ("-c", "=".join(item))]
    command = [str(binary("postgres")), "-D", str(folder / "data"), "-k", str(folder), *settings]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            ["sh", "-c", _WITH_STDIN, str(folder), *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            **user,
        ) as process,
    ):
        _wait_for(str(folder))
        yield
        process.communicate(timeout=20)


def _wait_for(folder: str) -> None:
    last = time.monotonic() + _START_S
    while not _is_up(folder):
        if time.monotonic() > last:
            raise AssertionError((Path(folder) / "log").read_text())


def _is_up(folder: str) -> bool:
    try:
        psycopg.connect(url(folder, "postgres")).close()
    except psycopg.OperationalError:
        return False
    return True


def url(folder: str, database: str) -> str:
    """The address of a database of that server."""
    return f"postgresql:///{database}?host={folder}&user={_SUPERUSER}"


def new_database(folder: str) -> str:
    """The address of a new, empty database."""
    name = f"ledger_{uuid.uuid4().hex}"
    with psycopg.connect(url(folder, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]  # our own name
    return url(folder, name)
