"""Each client in an environment of its own, made once and then kept.

Below the cache folder lie, by client and exact versions, `NAME-VERSION-DIGEST`, and links
`NAME-latest` to what `latest` installed last. A folder is made elsewhere and moved to its
place when it is whole, with its stamp in it: whoever looks finds all of it or nothing.
Python environments do not survive the move in their `bin` but for the interpreter, so
programs are run as `python -m MODULE`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path
from typing import Any

from conformance.clients import registries
from conformance.clients.catalogue import Client, Registry, catalogue
from conformance.clients.making import InstallError, make
from conformance.clients.registries import Bundle

STAMP = "installed.json"


@dataclass(frozen=True)
class Installed:
    """A client that is whole in its folder; `node` runs it where it is of npm."""

    client: Client
    folder: Path
    versions: Mapping[str, str]
    node: Path | None = None

    @property
    def python(self) -> Path:
        """The interpreter that has the client; of what lies beside it nothing is usable."""
        return self.folder / "bin" / "python"

    @property
    def modules(self) -> Path:
        """The `node_modules` that hold the client."""
        return self.folder / "node_modules"

    @property
    def path(self) -> tuple[Path, ...]:
        """The folders where its programs are found, for the front of PATH."""
        if self.node is None:
            return ()
        return (self.node.parent, self.modules / ".bin")


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where clients are kept: the chosen folder, or that of the suite in the user's cache."""
    chosen = environment.get("GATEWAY_CONFORMANCE_CACHE")
    if chosen:
        return Path(chosen).absolute()
    user = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(user) / "gateway-conformance"


def found(client: Client, cache: Path, *, latest: bool = False) -> Installed | None:
    """The client where it is installed whole; nothing is fetched."""
    if client.registry is None:
        return None
    link = cache / f"{client.name}-latest"
    place = link.resolve() if latest else place_of(client, cache)
    stamp, node = _stamp(place), _node(client, cache)
    if stamp is None or (client.registry is Registry.NPM and node is None):
        return None
    return Installed(client, place, stamp["packages"], node)


def place_of(client: Client, cache: Path) -> Path:
    """The folder of a client's pinned versions, whether it is there or not."""
    return _place(_bundle(client, client.packages), cache)


def install(client: Client, cache: Path, *, latest: bool = False) -> Installed:
    """The client, installed where it is not yet; raises InstallError where that fails."""
    if client.registry is None:
        raise InstallError(f"{client.name}: cannot be installed. {client.notes}")
    if client.registry is Registry.NPM and _needs_node(client):
        _keep(_node_bundle(), cache)
    bundle = _bundle(client, newest(client) if latest else client.packages)
    place = _keep(bundle, cache, _node(client, cache))
    if latest:
        _point(cache / f"{client.name}-latest", place)
    whole = found(client, cache, latest=latest)
    if whole is None:
        raise InstallError(f"{client.name}: there is no Node.js to run it; install Node.js")
    return whole


def newest(client: Client) -> dict[str, str]:
    """The newest version of each of the client's packages; a held client keeps its majors."""
    assert client.registry is not None
    return registries.newest(client.registry, client.packages, held=client.held)


def _bundle(client: Client, packages: Mapping[str, str]) -> Bundle:
    assert client.registry is not None
    return Bundle(client.name, client.registry, packages, client.scripts)


def _node_bundle() -> Bundle:
    return Bundle("node", Registry.NPM, {"node": catalogue().node}, scripts=("node",))


def _needs_node(client: Client) -> bool:
    """Whether the machine's Node.js is missing, or older than the client needs."""
    program = _machine_node()
    least = tuple(int(part) for part in client.node.removeprefix(">=").split(".") if part)
    return program is None or _version_of(program) < least


def _node(client: Client, cache: Path) -> Path | None:
    """The Node.js that runs a client of npm; nothing where it has yet to be installed."""
    if client.registry is not Registry.NPM:
        return None
    if not _needs_node(client):
        return _machine_node()
    place = _place(_node_bundle(), cache)
    return place / "node_modules" / "node" / "bin" / "node" if _stamp(place) else None


def _machine_node() -> Path | None:
    program = shutil.which("node")
    return Path(program) if program else None


@remembered
def _version_of(program: Path) -> tuple[int, ...]:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    parts = answer.stdout.strip().removeprefix("v").split(".")
    return tuple(int(part) for part in parts if part.isdigit())


def _place(bundle: Bundle, cache: Path) -> Path:
    """The folder of these exact versions, for this Python and this kind of machine."""
    beside = platform.python_version() if bundle.registry is Registry.PYPI else ""
    made_of = (sorted(bundle.packages.items()), beside, platform.system(), platform.machine())
    digest = hashlib.sha256(repr(made_of).encode()).hexdigest()[:8]
    return cache / f"{bundle.name}-{next(iter(bundle.packages.values()))}-{digest}"


def _stamp(place: Path) -> dict[str, Any] | None:
    try:
        stamp: dict[str, Any] = json.loads((place / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp


def _fresh(folder: Path) -> Path:
    """A new folder in this one, which is emptied; the caller holds the lock.

    What lies there is of installs that were killed. Their pip or npm may still be at work, so
    theirs is never taken again.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder))


def _put_stamp(bundle: Bundle, place: Path) -> None:
    stamp = {"name": bundle.name, "packages": dict(bundle.packages)}
    (place / STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")


def _keep(bundle: Bundle, cache: Path, node: Path | None = None) -> Path:
    """The folder of the bundle, made where there is none; its scripts run on this Node.js."""
    place = _place(bundle, cache)
    with _alone(cache / ".locks" / bundle.name):
        if _stamp(place) is None:
            made = _fresh(cache / ".making" / bundle.name)
            make(bundle, made, log=cache / "logs" / f"{bundle.name}.log", node=node)
            _put_stamp(bundle, made)
            shutil.rmtree(place, ignore_errors=True)
            made.rename(place)
    return place


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time; the lock ends with its holder, however that ends."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        where = lock.parents[1]
        raise InstallError(
            f"{where}: cannot be written ({error.strerror}); set GATEWAY_CONFORMANCE_CACHE"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _point(link: Path, place: Path) -> None:
    """Let the link name the place, in one step: a client that runs keeps its own folder."""
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(place.name, target_is_directory=True)
    fresh.replace(link)
