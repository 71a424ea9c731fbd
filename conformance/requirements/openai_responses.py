"""OAI-RESP: the response object, its items, and what is refused."""

from __future__ import annotations

import json

from conformance import responses
from conformance.kinds import Kind
from conformance.model import Exchange, Findings, Inconclusive, Level, Recording, Violation
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.requirements.openai_completions import unserved
from conformance.shapes import matches, mismatches

PLAIN = Kind.OPENAI_RESPONSE
STREAM = Kind.OPENAI_RESPONSE_STREAM
ANSWERS = (PLAIN, STREAM)
TOOL = "openai-responses-tool-stream"
SHAPED = ("OAI-HTTP-001", "OAI-RESP-001")
_DONE = ("completed", "incomplete")


@requirement(
    "OAI-RESP-001",
    on=(*ANSWERS, "openai-responses", "openai-responses-stream"),
    symptom="answer-unreadable",
    needs=("OAI-HTTP-001",),
)
def a_response_has_its_envelope(subject: Exchange | Recording) -> Findings:
    """A response has id, object, time, status, model, output and usage; null where no error."""
    if isinstance(subject, Recording):
        yield from unserved(subject)
        return
    where, found = responses.final(subject) or ("", {})
    if not where:
        return  # The order of the stream is broken, which is another requirement.
    yield from mismatches(found, "OAI-RESP-001", where)
    status = found.get("status")
    if not subject.is_streamed and status in _DONE:
        yield from mismatches(found, "OAI-RESP-008", where)
    if status != "failed" and found.get("error") is not None:
        yield Violation(f"{where}.error", "null", json.dumps(found["error"])[:80])
    if status == "completed" and found.get("incomplete_details") is not None:
        actual = json.dumps(found["incomplete_details"])[:80]
        yield Violation(f"{where}.incomplete_details", "null", actual)


@requirement("OAI-RESP-002", on=(*ANSWERS, TOOL), symptom="tool-loop", needs=SHAPED)
def items_have_their_shape(subject: Exchange | Recording) -> Findings:
    """Messages and function calls in the output have the fields that clients read."""
    if isinstance(subject, Recording):
        yield from _uncalled(subject)
        return
    for item in responses.items(subject):
        if item.type in ("message", "function_call"):
            yield from mismatches(item.fields, "OAI-RESP-002", item.where)
    where, found = responses.final(subject) or ("", {})
    known = [item for item in responses.items(subject) if isinstance(item.type, str)]
    if found.get("status") == "completed" and not known:
        yield Violation(f"{where}.output", "an item with a type", "none")


def _uncalled(recording: Recording) -> Findings:
    """A tool forced by name has to be called."""
    last = recording.last
    if last.status != 200:
        yield from unserved(recording)
        return
    if responses.final(last) is None:
        yield Inconclusive("the stream has no end, which is another requirement")
        return
    wanted = last.request.json["tool_choice"]["name"]
    found = [item.fields for item in responses.items(last) if item.type == "function_call"]
    status = (responses.final(last) or ("", {}))[1].get("status")
    if not found and status == "incomplete":
        yield Inconclusive("the budget was used up before the tool was called")
    elif [call.get("name") for call in found] != [wanted]:
        actual = ", ".join(str(call.get("name")) for call in found) or "no call"
        yield Violation("events", f"a call of {wanted}", actual, exchange=last.id)


@requirement(
    "OAI-RESP-003",
    on="openai-responses-length",
    symptom="answer-cut",
    needs=SHAPED,
)
def a_used_up_budget_is_no_error(recording: Recording) -> Findings:
    """A used-up budget gives the status `incomplete` and the reason `max_output_tokens`."""
    last = recording.last
    if last.status != 200:
        yield from unserved(recording)
        return
    found, budget = last.answer.object, last.request.json["max_output_tokens"]
    if found.get("status") == "completed" and _spent(found) < budget:
        yield Inconclusive("the model ended before its budget was used up")
        return
    if found.get("status") != "incomplete":
        actual = json.dumps(found.get("status"))
        yield Violation("body.status", "incomplete", actual, exchange=last.id)
    elif not matches(found, "OAI-RESP-003"):
        actual = json.dumps(found.get("incomplete_details"))[:80]
        where = "body.incomplete_details.reason"
        yield Violation(where, "max_output_tokens", actual, exchange=last.id)


def _spent(response: dict[str, object]) -> int:
    usage = response.get("usage")
    tokens = usage.get("output_tokens") if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) else 0


@requirement(
    "OAI-RESP-004",
    on="openai-responses-unknown-model",
    symptom="model-not-supported",
    needs=("OAI-RESP-001", "OAI-VAL-007", "OAI-ERR-001", "OAI-ERR-004"),
)
def an_unknown_model_is_refused(recording: Recording, profile: Profile) -> Findings:
    """An unknown model is refused with 400, naming `model`, or with 404."""
    last = recording.last
    allowed = {400, 404} | profile.expect["unknown_model"].statuses
    if last.status not in allowed:
        expected = " or ".join(map(str, sorted(allowed)))
        served = ": the request was served" if last.status < 300 else ""
        yield Violation("status", expected, f"{last.status}{served}", exchange=last.id)
        return
    error = last.answer.object.get("error")
    for name, wanted in (("param", "model"), ("code", "model_not_found")):
        if last.status == 400 and isinstance(error, dict) and error.get(name) != wanted:
            where, actual = f"body.error.{name}", json.dumps(error.get(name))
            yield Violation(where, wanted, actual, Level.SHOULD, last.id)
