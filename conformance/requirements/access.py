"""GW-AUTH: how a credential may be spelled, and that it is looked at before all else."""

from __future__ import annotations

from conformance.model import Findings, Level, Recording, Violation
from conformance.profile import Profile
from conformance.registry import requirement
from conformance.requirements.anthropic import not_let_in
from conformance.requirements.errors import unauthorised

PLAIN = ("ANT-EP-001", "OAI-HTTP-001")
PUBLIC = "public_models"
"""The capability of a gateway that shows its model list to everybody."""


@requirement(
    "GW-AUTH-010",
    on=("anthropic-bearer-lower-case", "openai-bearer-lower-case"),
    symptom="401",
    needs=(*PLAIN, "ANT-AUTH-002", "OAI-HTTP-002"),
)
def the_scheme_has_no_case(recording: Recording) -> Findings:
    """The scheme `bearer` is understood in small letters too (RFC 9110 11.1)."""
    yield from not_let_in(recording.last, "authorization: bearer, in small letters")


@requirement(
    "GW-AUTH-011",
    on=("anthropic-wrong-key-bad-body", "openai-wrong-key-bad-body"),
    symptom="401",
    needs=("ANT-AUTH-005", "OAI-HTTP-004"),
)
def authentication_comes_first(recording: Recording) -> Findings:
    """A wrong key is answered with 401 before its body is looked at."""
    yield from unauthorised(recording)


@requirement(
    "GW-AUTH-013", on=("models-without-key", "anthropic-models-without-key"), symptom="401"
)
def the_model_list_is_guarded(recording: Recording, profile: Profile) -> Findings:
    """`/v1/models` wants the key as all else does, or is public by the profile's word.

    A list that is shown to everybody gives no secret away, so it is a warning unless the
    profile claims `public_models`; a 5xx is a failure in any case.
    """
    for exchange in recording.final:
        status = exchange.status
        sent = "a wrong key" if exchange.credential else "no key"
        if status >= 500:
            yield Violation("status", "401", f"{status} with {sent}", exchange=exchange.id)
        elif 200 <= status < 300 and PUBLIC not in profile.capabilities:
            actual = f"{status} with {sent}"
            yield Violation("status", "401", actual, Level.SHOULD, exchange.id)


@requirement(
    "GW-AUTH-015",
    on=("anthropic-spoiled-key", "openai-spoiled-key"),
    symptom="401",
    needs=PLAIN,
    judges_silence=True,
    facts=("spoiled", "sent"),
)
def what_is_not_the_key_is_refused(recording: Recording) -> Findings:
    """A key with more in its header line gets a 4xx or a closed connection, never 2xx or 5xx."""
    spoiled = set(recording.facts["spoiled"])
    for exchange, form in zip(recording.final, recording.facts["sent"], strict=False):
        if exchange.status >= 500:
            actual = f"{exchange.status} for a key with {form}"
            yield Violation("status", "4xx or a closed connection", actual, exchange=exchange.id)
        elif 200 <= exchange.status < 300 and form in spoiled:
            actual = f"{exchange.status}: let in by a key with {form}"
            yield Violation("status", "4xx or a closed connection", actual, exchange=exchange.id)
