"""The two registries that clients come from: how to install from them, and what is newest.

pip and npm are asked themselves, so mirrors, proxies and certificates are as the user set
them up for these.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from conformance.clients.catalogue import Registry
from conformance.errors import UsageError

_QUIET_PIP = ("--disable-pip-version-check", "--no-input")
_QUIET_NPM = ("--no-audit", "--no-fund", "--no-update-notifier")
_ANSWER_S = 120.0


@dataclass(frozen=True)
class Bundle:
    """Packages of one registry that are installed together; `scripts` may run on the way."""

    name: str
    registry: Registry
    packages: Mapping[str, str]
    scripts: tuple[str, ...] = field(default=())


def commands(bundle: Bundle, folder: Path) -> Sequence[Sequence[str]]:
    """What installs the bundle into the folder, which exists and is empty but for `prepare`."""
    if bundle.registry is Registry.PYPI:
        exact = [f"{name}=={version}" for name, version in bundle.packages.items()]
        pip = (str(folder / "bin" / "python"), "-I", "-m", "pip", "install", *_QUIET_PIP)
        return ((sys.executable, "-I", "-m", "venv", str(folder)), (*pip, *exact))
    # A script of a package is run only where the client does not work without.
    scripts = () if bundle.scripts else ("--ignore-scripts",)
    return ((_npm(), "install", *_QUIET_NPM, *scripts, "--prefix", str(folder)),)


def prepare(bundle: Bundle, folder: Path) -> None:
    """Write what npm reads its work from; pip needs nothing."""
    if bundle.registry is Registry.PYPI:
        return
    package = {
        "private": True,
        "dependencies": dict(bundle.packages),
        "allowScripts": dict.fromkeys(bundle.scripts, True),
    }
    (folder / "package.json").write_text(json.dumps(package, indent=2) + "\n", encoding="utf-8")


def newest(registry: Registry, packages: Mapping[str, str], *, held: bool) -> dict[str, str]:
    """The newest version of each package; where they are held, within their majors.

    Those of PyPI are the newest that can be installed together.
    """
    below = {name: f"<{Version(old).major + 1}" if held else "" for name, old in packages.items()}
    if registry is Registry.PYPI:
        return _newest_of_pypi(below)
    return {
        name: _newest_of_npm(f"{name}@{limit}" if limit else name) for name, limit in below.items()
    }


def _newest_of_pypi(below: Mapping[str, str]) -> dict[str, str]:
    resolve = ("install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-")
    wanted = [f"{name}{limit}" for name, limit in below.items()]
    answer = _asked([sys.executable, "-I", "-m", "pip", *resolve, *_QUIET_PIP, *wanted])
    found = {
        canonicalize_name(item["metadata"]["name"]): str(item["metadata"]["version"])
        for item in answer["install"]
    }
    return {name: found[canonicalize_name(name)] for name in below}


def _newest_of_npm(wanted: str) -> str:
    answer = _asked([_npm(), "view", wanted, "version", "--json"])
    versions = [Version(found) for found in ([answer] if isinstance(answer, str) else answer)]
    return str(max(versions, key=lambda version: (not version.is_prerelease, version)))


def _asked(command: Sequence[str]) -> Any:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_ANSWER_S,
            check=True,
        )
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        words = [line.strip() for line in str(said).splitlines() if line.strip()]
        raise UsageError(f"{command[-1]}: the registry did not answer: {words[-1]}") from None


def _npm() -> str:
    found = shutil.which("npm")
    if found is None:
        raise UsageError("npm is not installed here; install Node.js, which brings it")
    return found
