"""The lab behind the gateway: the suite's own scripted upstream, told and asked over HTTP.

A scenario writes a script, sends through the gateway what carries the script's mark, and
collects what the lab got: these exchanges stand in its recording, on the upstream side.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import httpx

from conformance.client import unlogged
from conformance.errors import LabError
from conformance.model import Exchange
from conformance.received import exchange_of
from conformance.secret import Secret
from conformance.target import LabAddress

Step = Mapping[str, Any]
"""What the lab does with one request; an empty one is a healthy answer."""

SETTLED_WITHIN_S = 5.0
"""How long the lab is given until none of a script's requests is open any more."""

_PATIENCE_S = 10.0
_VERSION = 1


@dataclass(frozen=True)
class Script:
    """The steps that the lab plays for the requests that carry its mark, one after the other."""

    id: str

    @property
    def mark(self) -> str:
        """What a prompt has to hold, anywhere, for the lab to play this script."""
        return f"[[lab:{self.id}]]"


class LabApi:
    """The control API of one lab; raises LabError."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self.url = url

    async def key(self) -> Secret:
        """The credential that a gateway presents to the lab, after a look who is there."""
        said = await self._call("GET", "/lab")
        key, version = said.get("key"), said.get("version")
        if not isinstance(key, str) or not key or version != _VERSION:
            found = f"version {version}" if key else "no key"
            raise LabError(f"lab: {self.url}/lab: found {found}, expected a lab of this suite")
        return Secret(key)

    async def write(
        self, id: str, steps: Sequence[Step], by_provider: Mapping[str, Sequence[Step]]
    ) -> None:
        """Tell the lab what to do with the requests that carry the mark of a script."""
        lists = {provider: list(own) for provider, own in by_provider.items()}
        body = {"steps": list(steps), "by_provider": lists}
        await self._call("PUT", f"/lab/scripts/{id}", body)

    async def received(self, id: str, settled_within_s: float) -> list[Mapping[str, Any]]:
        """What came with the mark of a script, in order, once none of it is open."""
        path = f"/lab/scripts/{id}?settled_within_s={settled_within_s:g}"
        said = await self._call("GET", path, longer_s=settled_within_s)
        found = said.get("requests")
        if not isinstance(found, list):
            raise LabError(f"lab: GET {path}: no list of requests")
        return found

    async def forget(self, id: str) -> None:
        """Let the lab drop a script and what came with its mark."""
        await self._call("DELETE", f"/lab/scripts/{id}")

    async def _call(
        self, method: str, path: str, body: Any = None, longer_s: float = 0.0
    ) -> dict[str, Any]:
        """The JSON object of a successful answer, empty where it has no body."""
        try:
            answer = await self._client.request(
                method, self.url + path, json=body, timeout=_PATIENCE_S + longer_s
            )
            said = answer.json() if answer.content else {}
        except httpx.TransportError as error:
            raise LabError(f"lab: {method} {self.url}{path}: {type(error).__name__}") from None
        except ValueError:
            raise LabError(f"lab: {method} {self.url}{path}: no JSON") from None
        if not answer.is_success or not isinstance(said, dict):
            words = " ".join(answer.text.split())[:300]
            raise LabError(f"lab: {method} {path}: status {answer.status_code}: {words}")
        return said


@dataclass
class Lab:
    """The lab as one scenario has it: what it collects goes into the scenario's recording."""

    api: LabApi
    scenario: str
    exchanges: list[Exchange]
    _collected: dict[str, int] = field(default_factory=dict)

    async def script(
        self, *steps: Step, by_provider: Mapping[str, Sequence[Step]] | None = None
    ) -> Script:
        """A new script: steps for whoever asks, and those of single providers.

        Each request with its mark takes the next step; after the last one answers are healthy.
        """
        script = Script(token_hex(8))
        await self.api.write(script.id, steps, by_provider or {})
        self._collected[script.id] = 0
        return script

    async def collect(
        self, script: Script, settled_within_s: float = SETTLED_WITHIN_S
    ) -> tuple[Exchange, ...]:
        """Add what the lab got with this script's mark since the last look.

        Waits until no such request is open any more, but not for longer than it is told;
        what is open then is recorded as `SILENT`.
        """
        found = await self.api.received(script.id, settled_within_s)
        new = found[self._collected[script.id] :]
        self._collected[script.id] = len(found)
        return tuple(self._added(received) for received in new)

    async def close(self) -> None:
        """Let the lab forget the scripts of this scenario."""
        for id in self._collected:
            await self.api.forget(id)
        self._collected.clear()

    def _added(self, received: Mapping[str, Any]) -> Exchange:
        id = f"{self.scenario}#{len(self.exchanges) + 1}"
        try:
            exchange = exchange_of(received, id, self.api.url)
        except (KeyError, TypeError, ValueError) as error:
            raise LabError(f"lab: a request that cannot be read: {error!r}") from None
        self.exchanges.append(exchange)
        return exchange


@asynccontextmanager
async def opened(address: LabAddress | None) -> AsyncIterator[LabApi | None]:
    """The way to a lab, closed at the end; None where there is none."""
    if address is None:
        yield None
        return
    headers = {"authorization": f"Bearer {address.token.reveal()}"}
    # A lab is reached as it is named: what it says must not pass through a proxy's log.
    with unlogged():
        async with httpx.AsyncClient(
            headers=headers, trust_env=False, verify=_tls(address.url)
        ) as client:
            yield LabApi(client, address.url)


def _tls(url: str) -> ssl.SSLContext | bool:
    """The system's certificates; none are loaded, which takes a while, where none are needed."""
    return ssl.create_default_context() if url.startswith("https:") else False
