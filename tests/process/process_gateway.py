"""The reference gateway, started as its users start it: a process on loopback."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from process_run import environment


@dataclass(frozen=True)
class Gateway:
    """Where a gateway listens, and its secrets."""

    base_url: str
    key: str
    control_url: str
    control_token: str

    @property
    def with_key(self) -> dict[str, str]:
        """The environment of a run with a key of this gateway."""
        return {"GATEWAY_API_KEY": self.key}

    @property
    def with_control(self) -> dict[str, str]:
        """The environment of a run that may also make keys."""
        control = {
            "GATEWAY_CONTROL_URL": self.control_url,
            "GATEWAY_CONTROL_TOKEN": self.control_token,
        }
        return {**self.with_key, **control}

    @property
    def requests(self) -> int:
        """How many requests the gateway has got so far."""
        return int(self.control("GET", "/stats")["requests"])

    def new_key(self, **wanted: Any) -> str:
        """A key in a wanted state."""
        return str(self.control("POST", "/keys", wanted)["key"])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API."""
        bearer = {"authorization": f"Bearer {self.control_token}"}
        url = self.control_url + path
        return httpx.request(method, url, json=body, headers=bearer, trust_env=False).json()


@contextlib.contextmanager
def started(
    *faults: str, arguments: tuple[str, ...] = (), env: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    """Start a gateway that is wrong in these ways, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        flags = [part for fault in faults for part in ("--fault", fault)]
        with subprocess.Popen(
            [
                *(sys.executable, "-m", "reference_gateway", "--exit-with-stdin"),
                *("--ready-file", str(ready), *flags, *arguments),
            ],
            stdin=subprocess.PIPE,
            env=environment(**(env or {})),
        ) as process:
            try:
                _wait_for(ready, process)
                yield Gateway(**json.loads(ready.read_text()))
            finally:
                process.kill()


def is_listening(url: str) -> bool:
    """Whether anything accepts connections there."""
    parts = urlsplit(url)
    try:
        socket.create_connection((str(parts.hostname), int(parts.port or 0)), 10).close()
    except ConnectionRefusedError:
        return False
    return True


def _wait_for(ready: Path, process: subprocess.Popen[bytes]) -> None:
    while not ready.exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            raise AssertionError(f"the gateway ended with {process.returncode}")
