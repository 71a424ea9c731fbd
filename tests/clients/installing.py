"""Each client in an environment of its own, made when it is first asked for, then kept.

The environments lie below `GATEWAY_CONFORMANCE_CACHE`, or below the user's cache folder.
Their names hold what is installed, so a changed version is another environment. They are
made beside their place and moved there whole: whoever looks finds all of it or nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tests.clients.versions import Client

LONGEST_S = 600


class AbsentError(Exception):
    """The client cannot be had here; the message says what is missing."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the environments are kept."""
    chosen = environment.get("GATEWAY_CONFORMANCE_CACHE")
    if chosen:
        return Path(chosen)
    user = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(user) / "gateway-conformance"


def python_of(client: Client) -> Path:
    """An interpreter that has the client: the running one, where that has it already."""
    if all(map(_is_here, client.packages)):
        return Path(sys.executable)
    return _kept(client, f"{sys.version_info[:2]}", _make_python) / "bin" / "python"


def modules_of(client: Client) -> Path:
    """The `node_modules` that hold the client."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise AbsentError(f"{program} is not installed here")
    return _kept(client, "node", _make_node) / "node_modules"


def _is_here(package: str) -> bool:
    wanted = Requirement(package)
    try:
        return wanted.specifier.contains(metadata.version(wanted.name))
    except metadata.PackageNotFoundError:
        return False


def _kept(client: Client, beside: str, make: Callable[[Client, Path], None]) -> Path:
    wanted = hashlib.sha256(repr((client.packages, beside)).encode()).hexdigest()[:12]
    place = cache_folder() / f"{client.name}-{wanted}"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, ignore_cleanup_errors=True) as folder:
            made = Path(folder) / client.name
            make(client, made)
            _move(made, place)
    return place


def _move(made: Path, place: Path) -> None:
    try:
        made.rename(place)
    except OSError:
        # Another session was faster; what it made is the same.
        if not place.exists():
            raise


def _make_python(client: Client, place: Path) -> None:
    venv.create(place, symlinks=True)
    pip = (sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"))
    quietly = ("-q", "--disable-pip-version-check", "--no-input", "--retries", "1")
    _install(client, [*pip, "install", *quietly, *client.packages], place)


def _make_node(client: Client, place: Path) -> None:
    place.mkdir()
    quietly = ("--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries", "1")
    _install(client, ["npm", "install", *quietly, "--prefix", str(place), *client.packages], place)


def _install(client: Client, command: Sequence[str], place: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=place,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AbsentError(f"{client.name}: not installed within {LONGEST_S} s") from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise AbsentError(f"{client.name} cannot be installed: {said[-1] if said else 'no word'}")
