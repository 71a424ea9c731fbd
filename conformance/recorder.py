"""What a scenario talks to: sends through a connection and records; judges nothing.

A scenario gets a `Gateway`, sends through it, and its exchanges end up in one
`Recording`. A 429 and a network that is lost before any answer are tried again, a
bounded number of times; the earlier tries stay as evidence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import httpx

from conformance import wire
from conformance.connection import Connection, Reading, Route
from conformance.kinds import Protocol
from conformance.lab import Lab
from conformance.model import Exchange, Failure, Recording, Request, Response
from conformance.outgoing import OWN_HEADERS, encoded, kept, presented, recorded
from conformance.profile import CredentialStyle, Price
from conformance.recall import Recall
from conformance.registry import SCRIPTED
from conformance.retrying import LOST, TRIES, pause_s
from conformance.roots import site_of
from conformance.secret import Secret
from conformance.tenancy import Tenancy

PATHS = {Protocol.ANTHROPIC: "/messages", Protocol.OPENAI: "/chat/completions"}


@dataclass
class Gateway:
    """What a scenario talks to: one target, seen through the eyes of one scenario.

    `nonce` is a text that no earlier run has sent. `earlier` exchanges of an interrupted
    run answer the same requests once more: nothing is paid twice. Where it `provokes` the
    gateway from behind, what goes wrong is what was asked for: it is never tried again.
    """

    scenario: str
    connection: Connection
    routes: Mapping[Protocol, Route]
    models: Mapping[str, str]
    keys: Mapping[str, Secret]
    exchanges: list[Exchange] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    expects_success: bool = False
    nonce: str = field(default_factory=lambda: token_hex(8))
    tenancy: Tenancy | None = None
    earlier: Recall = field(default_factory=Recall)
    behind: Lab | None = None
    provokes: bool = False

    @property
    def tenants(self) -> Tenancy:
        """The keys that the scenario issues; only where it asks for abilities of the adapter."""
        if self.tenancy is None:
            raise ValueError(f"{self.scenario} issues keys and has no control adapter")
        return self.tenancy

    @property
    def lab(self) -> Lab:
        """The lab behind the gateway; only where the scenario asks for its model roles."""
        if self.behind is None:
            raise ValueError(f"{self.scenario} asks for the lab and names none of its models")
        return self.behind

    def obedient_model(self, protocol: Protocol) -> str:
        """The model that does what a prompt orders: the gateway's own, else the lab's."""
        role = str(protocol) if self.claims(SCRIPTED) else f"lab_{protocol}"
        return self.models[role]

    @property
    def silence_s(self) -> float:
        """How long a model is told to be silent; a proof tells it less than a run."""
        return self.connection.silence_s

    @property
    def seed(self) -> int:
        """What random requests grow from; the run header names it."""
        return self.connection.seed

    def credential_lines(self, protocol: Protocol) -> tuple[bytes, ...]:
        """The header lines that a raw request needs beside its own; `{key}` is for the key."""
        style, version = self.routes[protocol].style, self._version(protocol)
        lines = [f"{style.header}: {style.format}"]
        lines += [f"{name}: {value}" for name, value in version.items()]
        return tuple(line.encode() for line in lines)

    @property
    def chat_models(self) -> tuple[str, ...]:
        """The models of the profile's price list that chat."""
        return self.connection.target.profile.chat_models

    @property
    def prices(self) -> Mapping[str, Price]:
        """What the profile says that models cost, by name."""
        return self.connection.target.profile.prices

    @property
    def recording(self) -> Recording:
        """What has been recorded so far."""
        return Recording(self.scenario, tuple(self.exchanges), dict(self.facts))

    def claims(self, capability: str) -> bool:
        """Whether the profile says that the target is capable of this."""
        return self.connection.target.profile.claims((capability,))

    def styles(self, protocol: Protocol) -> tuple[CredentialStyle, ...]:
        """The credential styles that the profile claims for a protocol."""
        return self.connection.target.profile.endpoints[protocol].credentials

    def style(self, protocol: Protocol, name: str) -> CredentialStyle:
        """The claimed style of this name, else the one that works."""
        found = (style for style in self.styles(protocol) if style.name == name)
        return next(found, self.routes[protocol].style)

    @property
    def version(self) -> str:
        """The `anthropic-version` that is sent."""
        return self.connection.target.profile.endpoints[Protocol.ANTHROPIC].version

    @property
    def budget_name(self) -> str:
        """The name under which the target understands a budget; it holds for the whole run."""
        return self.connection.budget_name

    @budget_name.setter
    def budget_name(self, name: str) -> None:
        self.connection.budget_name = name

    async def messages(self, body: Mapping[str, Any], **how: Any) -> Exchange:
        """POST to `/messages`; the model is filled in. `how` is that of `send`."""
        asked = {"model": self.models["anthropic"], **body}
        return await self.post(Protocol.ANTHROPIC, PATHS[Protocol.ANTHROPIC], asked, **how)

    async def chat(self, body: Mapping[str, Any], **how: Any) -> Exchange:
        """POST to `/chat/completions`; the model is filled in. `how` is that of `send`."""
        asked = {"model": self.models["openai"], **body}
        return await self.post(Protocol.OPENAI, PATHS[Protocol.OPENAI], asked, **how)

    async def post(
        self, protocol: Protocol, path: str, body: Mapping[str, Any] | bytes, **how: Any
    ) -> Exchange:
        """POST a JSON object, or bytes as they are, to a path below the root of a protocol."""
        content = body if isinstance(body, bytes) else encoded(body)
        return await self.send(protocol, "POST", path, content, **how)

    async def get(self, protocol: Protocol, path: str, **how: Any) -> Exchange:
        """GET a path below the root of a protocol."""
        return await self.send(protocol, "GET", path, **how)

    async def send(
        self,
        protocol: Protocol,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        key: str = "valid",
        style: CredentialStyle | None = None,
        beside: CredentialStyle | None = None,
        extra: Mapping[str, str] | None = None,
        without: tuple[str, ...] = (),
        below_root: bool = True,
        abandon_after: int = 0,
        silent_for_s: float = 0.0,
        leave_after_s: float = 0.0,
    ) -> Exchange:
        """Send one request, below the root of a protocol or, if asked, below its site.

        `key` is a role, empty for no credential; `style` defaults to one that works, and
        `beside` is a second one in which it is sent too; `extra` headers replace those of
        the same name, `without` names some to leave out. After `abandon_after` events of a
        stream the connection is closed; 0 reads to the end. `silent_for_s` is a silence
        that the model was told to keep. Where no answer has begun after `leave_after_s` the
        connection is closed as well.
        """
        route = self.routes[protocol]
        styles = [style or route.style, *([beside] if beside else [])] if key else []
        credential = presented(styles, self.keys[key]) if key else {}
        headers = {**self._headers(protocol), **(extra or {}), **credential}
        request = self.connection.client.build_request(
            method,
            (route.root if below_root else site_of(route.root)) + path,
            content=content or None,
            headers={name: value for name, value in headers.items() if name not in without},
        )
        for name in without:
            request.headers.pop(name, None)
        reading = Reading(abandon_after, silent_for_s, leave_after_s)
        return await self._tried(request, key, reading)

    async def raw(
        self,
        protocol: Protocol,
        path: str,
        lines: Sequence[bytes],
        body: bytes = b"",
        *,
        key: str = "valid",
    ) -> Exchange:
        """POST with header lines and a body as they are, on a connection of its own.

        `{key}` in a line stands for the key. Nothing is added but the request line, Host and
        the profile's own headers, without which some gateways do not know what to do: a
        length is sent only if a line says it. It is sent once, whatever comes back.
        """
        url = self.routes[protocol].root + path
        secret = self.keys[key].reveal().encode() if key else b""
        own = [f"{n}: {v.reveal()}".encode() for n, v in self.connection.target.headers.items()]
        sent = [*own, *(line.replace(b"{key}", secret) for line in lines)]
        request = Request("POST", url, wire.headers(sent), kept(body))
        return self._recalled(request, key) or self._added(
            request, _now(), *await self.connection.raw(url, sent, body), key
        )

    def _headers(self, protocol: Protocol) -> dict[str, str]:
        of_profile = {n: v.reveal() for n, v in self.connection.target.headers.items()}
        return {**OWN_HEADERS, **of_profile, **self._version(protocol)}

    def _version(self, protocol: Protocol) -> dict[str, str]:
        version = self.connection.target.profile.endpoints[protocol].version
        return {"anthropic-version": version} if version else {}

    async def _tried(self, request: httpx.Request, key: str, reading: Reading) -> Exchange:
        """Send until there is an answer that says something, at most TRIES times."""
        tries = 1 if self.provokes else TRIES
        for attempt in range(tries):
            exchange = await self._once(request, key, reading)
            wait_s = pause_s(exchange, attempt, self.expects_success)
            if wait_s is None or attempt == tries - 1:
                break
            self.exchanges[_place(exchange)] = replace(exchange, superseded=True)
            if exchange.status == 429:
                self.connection.pace.hold(wait_s)
            await asyncio.sleep(wait_s)
        lost = exchange.failure is not None and exchange.failure.kind in LOST
        if not self.provokes:
            self.connection.count(lost, exchange.status >= 500)
        return exchange

    async def _once(self, request: httpx.Request, key: str, reading: Reading) -> Exchange:
        asked, started_at = recorded(request), _now()
        return self._recalled(asked, key) or self._added(
            asked, started_at, *await self.connection.exchange(request, reading), key
        )

    def _recalled(self, request: Request, key: str) -> Exchange | None:
        """What an interrupted run has got for the same request."""
        known = self.earlier.take(request, key)
        return None if known is None else self._kept(replace(known, id=self._next_id))

    def _added(
        self,
        request: Request,
        started_at: str,
        response: Response | None,
        failure: Failure | None,
        key: str,
    ) -> Exchange:
        exchange = Exchange(
            id=self._next_id,
            request=request,
            response=response,
            failure=failure,
            started_at=started_at,
            credential=key,
        )
        return self._kept(exchange)

    def _kept(self, exchange: Exchange) -> Exchange:
        self.exchanges.append(exchange)
        return exchange

    @property
    def _next_id(self) -> str:
        return f"{self.scenario}#{len(self.exchanges) + 1}"


def _place(exchange: Exchange) -> int:
    """Where an exchange stands in its recording: others may have been added after it."""
    return int(exchange.id.rpartition("#")[2]) - 1


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
