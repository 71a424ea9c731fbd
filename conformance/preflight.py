"""Is the target reachable, configured and worth judging? Its own verdict, before all others.

Its probes are the plain scenarios themselves (a valid question on each protocol), so
nothing is sent, or paid for, twice: what works here is kept as their recording.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from conformance.errors import PreflightFailure
from conformance.model import (
    Exchange,
    Failure,
    FailureKind,
    Protocol,
    Recording,
    Response,
)
from conformance.recorder import Connection, Gateway, Route
from conformance.registry import scenarios
from conformance.secret import Secret
from conformance.target import Target

PLAIN = {Protocol.ANTHROPIC: "anthropic-plain", Protocol.OPENAI: "openai-plain"}
_MODELS_TRIED = 3
_NO_CHAT = re.compile(r"embed|whisper|tts|dall-e|image|audio|moderation|rerank|realtime", re.I)


class Answer(Enum):
    """What a plain question met at a root."""

    WORKS = "works"
    NO_MONEY = "402"
    KEY_REFUSED = "key refused"
    MODEL_REFUSED = "model refused"
    HTML = "HTML"
    NOT_HERE = "not here"
    BROKEN = "broken"
    SILENT = "no answer"


@dataclass(frozen=True)
class Probe:
    """One protocol at one root with one model, and what came of it."""

    protocol: Protocol
    route: Route
    model: str
    recording: Recording
    answer: Answer


@dataclass(frozen=True)
class Preflight:
    """What the run can build on."""

    routes: Mapping[Protocol, Route]
    models: Mapping[str, str]
    recordings: Mapping[str, Recording]
    warnings: tuple[str, ...]


async def preflight(connection: Connection, target: Target, key: Secret | None) -> Preflight:
    """Find the roots, credential styles and models; raises PreflightFailure."""
    if key is None:
        raise PreflightFailure("configuration", "no key for this target", _key_advice(target))
    probes = [
        await _probed(connection, target, protocol, key) for protocol in target.profile.endpoints
    ]
    if not any(probe.answer in (Answer.WORKS, Answer.BROKEN) for probe in probes):
        raise await _explained(connection, target, probes, key)
    return Preflight(
        routes={probe.protocol: probe.route for probe in probes},
        models={**target.models, **{str(probe.protocol): probe.model for probe in probes}},
        recordings={PLAIN[probe.protocol]: probe.recording for probe in probes},
        warnings=tuple(_warnings(probes)),
    )


def roots(base_url: str, known: str) -> list[str]:
    """The roots (up to and including the version) that a base URL may stand for, in order.

    `known` is the root that the profile names. All forms that vendors print are
    covered: the site, `.../api`, `.../api/v1`, `.../v1`.
    """
    site = _site(base_url)
    path = urlsplit(base_url).path.rstrip("/")
    found = [base_url] if path.endswith("/v1") else []
    if known and (known.startswith(path) or path == known):
        found.insert(0, site + known)
    if not path.endswith("/v1"):
        found += [f"{base_url}/v1", f"{base_url}/api/v1", base_url]
    return list(dict.fromkeys(found))


def other_roots(base_url: str) -> list[str]:
    """Where the gateway may be if it is nowhere that the base URL stands for."""
    site = _site(base_url)
    path = urlsplit(base_url).path.rstrip("/")
    for endpoint in ("/messages", "/chat/completions", "/models"):
        path = path.removesuffix(endpoint)
    segments = [segment for segment in path.split("/") if segment]
    once = "".join(f"/{segment}" for segment in dict.fromkeys(segments))
    parents = ["".join(f"/{s}" for s in segments[:n]) for n in range(len(segments), -1, -1)]
    tried = [once, *parents, "/api"]
    guesses = [p if p.endswith("/v1") else f"{p}/v1" for p in tried]
    return [site + guess for guess in dict.fromkeys(guesses)]


async def _probed(connection: Connection, target: Target, protocol: Protocol, key: Secret) -> Probe:
    """The first root that is the right one; the most telling one where none is."""
    known = target.profile.endpoints[protocol].root
    probes: list[Probe] = []
    for root in roots(target.base_url, known):
        probe = await _at_root(connection, target, protocol, root, key)
        if probe.answer not in (Answer.NOT_HERE, Answer.HTML):
            return probe
        probes.append(probe)
    return next((probe for probe in probes if probe.answer is Answer.HTML), probes[0])


async def _at_root(
    connection: Connection, target: Target, protocol: Protocol, root: str, key: Secret
) -> Probe:
    route = Route(root, target.profile.endpoints[protocol].credentials[0])
    named = target.models.get(str(protocol))
    models = [named] if named else await _listed(connection, protocol, route, key)
    for model in models:
        recording = await _plain(connection, protocol, route, model, key)
        probe = _probe(connection, protocol, root, model, recording)
        if probe.answer is not Answer.MODEL_REFUSED:
            break
    return probe


async def _plain(
    connection: Connection, protocol: Protocol, route: Route, model: str, key: Secret
) -> Recording:
    scenario = scenarios()[PLAIN[protocol]]
    models = {str(protocol): model}
    gateway = Gateway(scenario.name, connection, {protocol: route}, models, {"valid": key})
    await scenario.play(gateway)
    _raise_if_unreachable(gateway.recording.last)
    return gateway.recording


async def _listed(
    connection: Connection, protocol: Protocol, route: Route, key: Secret
) -> list[str]:
    """The first few models that the gateway lists and that look like chat models."""
    models: list[str] = []
    for style in connection.target.profile.endpoints[protocol].credentials:
        routes = {protocol: Route(route.root, style)}
        gateway = Gateway("models", connection, routes, {}, {"valid": key})
        exchange = await gateway.get(protocol, "/models")
        _raise_if_unreachable(exchange)
        models = [id for id in _ids(exchange.response) if not _NO_CHAT.search(id)]
        if models or exchange.status not in (401, 403):
            break
    # Without a list the plain question is asked all the same: its answer tells more.
    return models[:_MODELS_TRIED] or ["unknown"]


def _ids(response: Response | None) -> Iterator[str]:
    listed = response.object.get("data") if response else None
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry["id"]:
            yield entry["id"]


def _probe(
    connection: Connection, protocol: Protocol, root: str, model: str, recording: Recording
) -> Probe:
    last = recording.last
    answer = _judged(last.response) if last.response else Answer.SILENT
    styles = connection.target.profile.endpoints[protocol].credentials
    let_in = (style for style in styles if last.request.header(style.header))
    refused = answer is Answer.KEY_REFUSED
    style = styles[0] if refused else next(let_in, styles[0])
    return Probe(protocol, Route(root, style), model, recording, answer)


def _judged(response: Response) -> Answer:
    if response.is_html:
        return Answer.HTML
    if response.status in (401, 403):
        return Answer.KEY_REFUSED
    if response.status == 402:
        return Answer.NO_MONEY
    if response.status in (400, 404) and "model" in response.text.lower():
        return Answer.MODEL_REFUSED
    if 300 <= response.status < 400 or response.status in (404, 405):
        return Answer.NOT_HERE
    return Answer.WORKS if response.status < 300 else Answer.BROKEN


def _raise_if_unreachable(exchange: Exchange) -> None:
    """What one request shows of the whole target: no name, no port, no TLS."""
    failure = exchange.failure
    if failure and failure.kind in (FailureKind.DNS, FailureKind.REFUSED, FailureKind.TLS):
        raise _unreachable(exchange.request.url, failure)


def _unreachable(url: str, failure: Failure) -> PreflightFailure:
    site, host, words = _site(url), urlsplit(url).hostname, failure.detail
    found, fix = {
        FailureKind.DNS: (f"the name {host} does not resolve", "check the host of --base-url"),
        FailureKind.REFUSED: (f"{site} refused the connection", "check that it runs there"),
        FailureKind.TLS: (f"TLS with {site} failed ({words})", "check scheme and ca_file"),
        FailureKind.RESET: (f"{site} closed the connection unanswered", "see the gateway's log"),
        FailureKind.TIMEOUT: (
            f"{site} accepts connections, but sent {words}",
            "see its log, or raise --timeout-s",
        ),
        FailureKind.MALFORMED: (f"{site} does not speak HTTP ({words})", "check scheme and port"),
    }[failure.kind]
    return PreflightFailure("target", found, fix)


async def _explained(
    connection: Connection, target: Target, probes: list[Probe], key: Secret
) -> PreflightFailure:
    """Why nothing can be judged, with the base URL that works where one does."""
    answers = {probe.answer: probe for probe in probes}
    for answer, advice in _ADVICE.items():
        if answer in answers:
            probe = answers[answer]
            found = advice[0].format(root=probe.route.root, model=probe.model)
            return PreflightFailure("configuration", found, advice[1])
    if Answer.SILENT in answers:
        last = answers[Answer.SILENT].recording.last
        return _unreachable(last.request.url, last.failure or Failure(FailureKind.RESET, ""))
    works = await _working_root(connection, target, probes[0].protocol, key)
    if works:
        found = f"no endpoint at {target.base_url}"
        return PreflightFailure("target", found, f"use --base-url={works}")
    what = "HTML" if Answer.HTML in answers else "404 or a redirect"
    found = f"{what} everywhere at {target.base_url}"
    return PreflightFailure("target", found, "check --base-url: is it the API, not a web page?")


_ADVICE = {
    Answer.KEY_REFUSED: (
        "the key was refused in every credential style at {root}",
        "check that it belongs to this gateway and is not revoked",
    ),
    Answer.NO_MONEY: (
        "the key was refused with 402 at {root}: its balance or cap is used up",
        "top up the account or raise the key's cap",
    ),
    Answer.MODEL_REFUSED: ("no usable model: {root} refused {model}", "name one with --model"),
}


_FOUND = (Answer.WORKS, Answer.KEY_REFUSED, Answer.NO_MONEY, Answer.MODEL_REFUSED)
"""The answers that only an endpoint gives."""


async def _working_root(
    connection: Connection, target: Target, protocol: Protocol, key: Secret
) -> str:
    tried = set(roots(target.base_url, target.profile.endpoints[protocol].root))
    for root in other_roots(target.base_url):
        if root not in tried:
            probe = await _at_root(connection, target, protocol, root, key)
            if probe.answer in _FOUND:
                return root
    return ""


def _warnings(probes: list[Probe]) -> Iterator[str]:
    for probe in probes:
        last = probe.recording.last
        if probe.answer is Answer.SILENT:
            yield f"{last.request.url} did not answer a plain question"
        elif probe.answer is not Answer.WORKS:
            saw = f"status {last.status}" + (" (HTML)" if last.answer.is_html else "")
            yield f"{last.request.url} answered a plain question with {saw}"


def _key_advice(target: Target) -> str:
    return (
        f"set GATEWAY_API_KEY, or name a file with --api-key-file"
        f" (the profile {target.profile.name} may name variables of its own for its own hosts)"
    )


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
