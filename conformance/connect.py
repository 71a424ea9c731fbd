"""How a user connects each client to a gateway, told with the settings that its checks run.

Whether they were proved against this gateway is known from earlier runs: there the checks
of the client passed, or did not.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.clients import catalogue, settings
from conformance.clients.place import Settings
from conformance.model import Outcome
from conformance.report.symptoms import symptoms

KEY = "$GATEWAY_API_KEY"
"""Stands for the key in all that is told."""

HOME = "~"
STALE = "official-endpoint"
"""The row of the symptom table about settings that do not reach the client."""

_HELD = (Outcome.PASS, Outcome.WARN)
_BROKEN = (Outcome.FAIL, Outcome.KNOWN)
_ENDPOINTS = {"anthropic": "/messages", "openai": "/chat/completions"}


@dataclass(frozen=True)
class Evidence:
    """What an earlier run against the gateway found.

    `outcomes` are by requirement, `versions` by the scenario that a client really played;
    `roots` and `models` are by protocol.
    """

    folder: str
    when: str
    outcomes: Mapping[str, Outcome]
    versions: Mapping[str, str]
    roots: Mapping[str, str]
    models: Mapping[str, str]


@dataclass(frozen=True)
class Gateway:
    """The gateway to connect to: its base URL, a model, and earlier runs, the newest first.

    `subjects` are the scenarios of each requirement about clients, by its id.
    """

    base_url: str
    model: str
    runs: Sequence[Evidence]
    subjects: Mapping[str, Sequence[str]]

    def address(self, protocol: str) -> str:
        """Where a protocol is served: where a run found it, else at the base URL."""
        return next((r.roots[protocol] for r in self.runs if protocol in r.roots), self.base_url)

    def asked(self, protocol: str) -> str:
        """The model to ask; a word in capitals where none is known."""
        found = (run.models[protocol] for run in self.runs if protocol in run.models)
        return self.model or next(found, "MODEL")

    def checks(self, name: str, protocol: str) -> dict[str, list[str]]:
        """The scenarios of a client by the requirement that judges them."""
        prefix = f"client-{name}-{protocol}-"
        mine = {
            id: [scenario for scenario in scenarios if scenario.startswith(prefix)]
            for id, scenarios in self.subjects.items()
        }
        return {id: scenarios for id, scenarios in mine.items() if scenarios}


def guide(gateway: Gateway, names: Sequence[str], protocols: Sequence[str]) -> str:
    """The settings of some clients on the given protocols, as markdown."""
    parts = [
        section(gateway, name, protocol)
        for name in names
        for protocol in settings.protocols_of(name)
        if protocol in protocols
    ]
    return "\n".join(parts)


def section(gateway: Gateway, name: str, protocol: str) -> str:
    """How one client is connected on one protocol."""
    address, model = gateway.address(protocol), gateway.asked(protocol)
    found = settings.settings_of(name, protocol, address, key=KEY, model=model, home=HOME)
    paragraphs = [
        f"## {catalogue.named(name).title}, {protocol}",
        _base_url_rule(name, protocol, address),
        *_made(found.of_a_person()),
        *settings.notes_of(name),
        *(_pitfall() if name.startswith("claude-code") else ()),
        proof(gateway, name, protocol),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _base_url_rule(name: str, protocol: str, address: str) -> str:
    base = settings.base_url_of(name, protocol, address)
    endpoint = "/responses" if name == "codex" else _ENDPOINTS[protocol]
    if base.endswith("/v1"):
        return f"Base URL: `{base}`, with `/v1`; the client appends `{endpoint}`."
    return f"Base URL: `{base}`, without `/v1`; the client appends `/v1{endpoint}`."


def _made(found: Settings) -> Iterator[str]:
    if found.env:
        exports = [f"export {name}={_quoted(value)}" for name, value in found.env.items()]
        yield "\n".join(["```sh", *exports, "```"])
    for path, text in found.files.items():
        kind = path.rpartition(".")[2]
        yield (
            f"`{HOME}/{path}` (where you have one, merge this into it; `{KEY}` is your key):\n\n"
            f"```{kind}\n{text}```"
        )
    if found.fields:
        rows = "\n".join(f"- {label}: `{value}`" for label, value in found.fields.items())
        yield f"In the settings of the extension (`{KEY}` is your key):\n\n{rows}"


def _quoted(value: str) -> str:
    return f'"{value}"' if value in ("", KEY) else shlex.quote(value)


def _pitfall() -> Iterator[str]:
    row = symptoms()[STALE]
    symptom = row.symptom.replace("/status", "`/status`")
    yield f"`/status` has to show this base URL. If {symptom}: {row.cause} {row.fix}"


def proof(gateway: Gateway, name: str, protocol: str) -> str:
    """Whether these settings were seen to work against this gateway, when, with which version."""
    checks = gateway.checks(name, protocol)
    for run in gateway.runs:
        judged = {
            id: run.outcomes[id]
            for id, scenarios in checks.items()
            if run.outcomes.get(id) in (*_HELD, *_BROKEN)
            and any(s in run.versions for s in scenarios)
        }
        if judged:
            return _told(run, judged, checks)
    return _unproved(gateway, name, checks)


def _told(run: Evidence, judged: Mapping[str, Outcome], checks: Mapping[str, Sequence[str]]) -> str:
    played = {run.versions[s] for id in judged for s in checks[id] if s in run.versions}
    version = f" with version {', '.join(sorted(played - {''}))}" if played - {""} else ""
    seen = f"against this gateway on {run.when}{version}"
    wrong = [id for id, outcome in judged.items() if outcome in _BROKEN]
    if wrong:
        return f"Failed {seen}: {', '.join(wrong)} ({run.folder})."
    return f"Proved {seen}: {', '.join(judged)} passed ({run.folder})."


def _unproved(gateway: Gateway, name: str, checks: Mapping[str, Sequence[str]]) -> str:
    if not checks:
        return "Not proved against this gateway: no check runs this client."
    wanted = " or ".join(checks)
    return (
        "Not proved against this gateway. To prove it:\n\n```sh\n"
        f"gateway-conformance clients install {name}\n"
        f"gateway-conformance run --base-url {shlex.quote(gateway.base_url)} --include clients"
        f" -k {shlex.quote(wanted)}\n```"
    )
