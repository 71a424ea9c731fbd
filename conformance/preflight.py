"""Is the target reachable, configured and worth judging? Its own verdict, before all others.

Its probes are the plain scenarios themselves (a valid question on each protocol), so
nothing is sent, or paid for, twice: what works here is kept as their recording.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from conformance.connection import Connection, Route
from conformance.errors import PreflightFailure
from conformance.kinds import Protocol
from conformance.model import Exchange, Failure, FailureKind, Recording, Response
from conformance.plain_answer import TELLING, Answer, answer_of
from conformance.recorder import PATHS, Gateway
from conformance.registry import scenarios
from conformance.roots import other_roots, roots
from conformance.secret import Secret
from conformance.target import Target
from conformance.unreachable import raise_if_unreachable, unreachable

PLAIN = {Protocol.ANTHROPIC: "anthropic-plain", Protocol.OPENAI: "openai-plain"}
_MODELS_TRIED = 3
_NO_CHAT = re.compile(r"embed|whisper|tts|dall-e|image|audio|moderation|rerank|realtime", re.I)


@dataclass(frozen=True)
class Probe:
    """One protocol at one root with one model, and what came of it.

    `is_guess` says that neither user nor profile named the model, `stumbled` what came of
    an earlier root where it was a 5xx.
    """

    protocol: Protocol
    route: Route
    model: str
    is_guess: bool
    recording: Recording
    answer: Answer
    stumbled: str = ""

    @property
    def has_model(self) -> bool:
        """Whether there is a model to judge the protocol with: a bad guess is none."""
        return not (self.is_guess and self.answer is Answer.MODEL_REFUSED)

    @property
    def kept(self) -> Recording:
        """The plain scenario as the run keeps it."""
        if self.has_model:
            return self.recording
        return Recording(PLAIN[self.protocol], not_recorded=_model_advice(self.protocol))


@dataclass(frozen=True)
class Preflight:
    """What the run can build on."""

    routes: Mapping[Protocol, Route]
    models: Mapping[str, str]
    recordings: Mapping[str, Recording]
    warnings: tuple[str, ...]


async def preflight(
    connection: Connection,
    target: Target,
    key: Secret | None,
    known: Mapping[str, Recording] | None = None,
) -> Preflight:
    """Find the roots, credential styles and models; raises PreflightFailure.

    What an interrupted run recorded of the plain questions is `known`, and not asked again.
    """
    if key is None:
        raise PreflightFailure("configuration", "no key for this target", _key_advice(target))
    probes = [
        _recalled(target, protocol, known or {}) or await _probed(connection, target, protocol, key)
        for protocol in target.profile.endpoints
    ]
    if not any(probe.answer in (Answer.WORKS, Answer.BROKEN) for probe in probes):
        raise await _explained(connection, target, probes, key)
    return Preflight(
        routes={probe.protocol: probe.route for probe in probes},
        models={**target.models, **{str(p.protocol): p.model for p in probes if p.has_model}},
        recordings={PLAIN[probe.protocol]: probe.kept for probe in probes},
        warnings=tuple(_warnings(probes)),
    )


def _recalled(target: Target, protocol: Protocol, known: Mapping[str, Recording]) -> Probe | None:
    """The probe that an earlier run made, read from its recording; None where it has none."""
    recording = known.get(PLAIN[protocol])
    if recording is None or not recording.final or recording.last.response is None:
        return None
    asked = recording.last.request
    root = asked.url.removesuffix(PATHS[protocol])
    return _probe(target, protocol, root, str(asked.json.get("model", "")), recording)


async def _probed(connection: Connection, target: Target, protocol: Protocol, key: Secret) -> Probe:
    """The first root that works; the most telling one where none does."""
    known = target.profile.endpoints[protocol].root
    probes: list[Probe] = []
    for root in roots(target.base_url, known):
        probes.append(await _at_root(connection, target, protocol, root, key))
        # A target that hangs would hang at every other root too.
        if probes[-1].answer in (Answer.WORKS, Answer.SILENT):
            break
    found = min(probes, key=lambda probe: TELLING.index(probe.answer))
    if found.answer is not Answer.WORKS:
        return found
    stumbled = [p.recording.last for p in probes if p.answer is Answer.BROKEN]
    said = [f"{e.request.url} answered a plain question with status {e.status}" for e in stumbled]
    return replace(found, stumbled="; ".join(said))


async def _at_root(
    connection: Connection, target: Target, protocol: Protocol, root: str, key: Secret
) -> Probe:
    route = Route(root, target.profile.endpoints[protocol].credentials[0])
    named = target.models.get(str(protocol))
    models = [named] if named else await _listed(connection, protocol, route, key)
    for model in models:
        recording = await _plain(connection, protocol, route, model, key)
        probe = _probe(target, protocol, root, model, recording)
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
    raise_if_unreachable(gateway.recording.last)
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
        raise_if_unreachable(exchange)
        models = _likely(protocol, _ids(exchange.response))
        if models or exchange.status not in (401, 403):
            break
    # Without a list the plain question is asked all the same: its answer tells more.
    return models[:_MODELS_TRIED] or ["unknown"]


def _likely(protocol: Protocol, ids: Iterable[str]) -> list[str]:
    """Those that look like chat models; for Anthropic's protocol its own models first."""
    chat = [id for id in ids if not _NO_CHAT.search(id)]
    if protocol is Protocol.ANTHROPIC:
        chat.sort(key=lambda id: "claude" not in id.lower())
    return chat


def _ids(response: Response | None) -> Iterator[str]:
    listed = response.object.get("data") if response else None
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry["id"]:
            yield entry["id"]


def _probe(
    target: Target, protocol: Protocol, root: str, model: str, recording: Recording
) -> Probe:
    telling = _telling(recording)
    answer = answer_of(telling.response)
    styles = target.profile.endpoints[protocol].credentials
    let_in = (style for style in styles if telling.request.header(style.header))
    refused = answer is Answer.KEY_REFUSED
    style = styles[0] if refused else next(let_in, styles[0])
    is_guess = str(protocol) not in target.models
    return Probe(protocol, Route(root, style), model, is_guess, recording, answer)


def _telling(recording: Recording) -> Exchange:
    """The last exchange; where its credential was refused, one that was let in before."""
    last = recording.last
    if answer_of(last.response) is not Answer.KEY_REFUSED:
        return last
    let_in = (e for e in recording.final if answer_of(e.response) is Answer.MODEL_REFUSED)
    return next(let_in, last)


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
        return unreachable(last.request.url, last.failure or Failure(FailureKind.RESET, ""))
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
        if probe.stumbled:
            yield probe.stumbled
        if probe.answer is Answer.SILENT:
            yield f"{last.request.url} did not answer a plain question"
        elif not probe.has_model:
            refused = f"{last.request.url} refused the model {probe.model}"
            yield f"{refused}, a guess; {probe.protocol} {_model_advice(probe.protocol)}"
        elif probe.answer is not Answer.WORKS:
            saw = f"status {last.status}" + (" (HTML)" if last.answer.is_html else "")
            yield f"{last.request.url} answered a plain question with {saw}"


def _model_advice(protocol: Protocol) -> str:
    return f"needs models.{protocol}: name one with --model-{protocol}"


def _key_advice(target: Target) -> str:
    return (
        f"set GATEWAY_API_KEY, or name a file with --api-key-file"
        f" (the profile {target.profile.name} may name variables of its own for its own hosts)"
    )
