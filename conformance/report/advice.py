"""How to have judged what was not judged: in words, and as the line that enables it.

A reason is one that the run gives (`needs keys.capped`); the line is an option, an
environment variable or a line of the profile, and can be copied as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.model import Outcome
from conformance.report.curl import variable


@dataclass(frozen=True)
class Advice:
    """What to do, in words, and `lines` to be copied; both may be empty."""

    words: str = ""
    lines: tuple[str, ...] = ()


_STATES = {
    "valid": "a key that works",
    "capped": "a key whose spend cap is used up",
    "broke": "a key of an account without balance",
    "revoked": "a key that was revoked",
}
_MODELS = {
    "anthropic": "--model-anthropic=MODEL",
    "openai": "--model-openai=MODEL",
}


def advice(outcome: Outcome, reason: str) -> Advice:
    """How to have it judged; empty where nothing can be done."""
    wanted = [*_keys(reason), *_models(reason), *_opt_ins(reason), *_capabilities(reason)]
    if wanted:
        words = "; ".join(piece.words for piece in wanted)
        lines = dict.fromkeys(line for piece in wanted for line in piece.lines)
        return Advice(f"To enable: {words}.", tuple(lines))
    if reason.startswith("blocked by "):
        return Advice("Mend that one first, then run again.")
    return _OTHER.get(reason.partition(":")[0], _BY_OUTCOME.get(outcome, Advice()))


def _keys(reason: str) -> list[Advice]:
    roles = list(dict.fromkeys(re.findall(r"\bkeys\.([a-z_]+)", reason)))
    found = [
        Advice(
            f"set {variable(role)} to {_STATES.get(role, 'such a key')}",
            (f"export {variable(role)}=...",),
        )
        for role in roles
    ]
    if roles:
        found.append(
            Advice("or name a control adapter in the profile, which makes the keys", (_CONTROL,))
        )
    return found


_CONTROL = 'control = "reference"  # in the profile, with GATEWAY_CONTROL_URL and _TOKEN set'


def _models(reason: str) -> list[Advice]:
    return [
        Advice(f"name a model under [models] {role} in the profile", (_model_line(role),))
        for role in dict.fromkeys(re.findall(r"\bmodels\.([a-z_]+)", reason))
    ]


def _model_line(role: str) -> str:
    return _MODELS.get(role, f'{role} = "..."  # under [models] in the profile')


def _opt_ins(reason: str) -> list[Advice]:
    areas = dict.fromkeys(re.findall(r"needs --include ([a-z]+)", reason))
    together = ",".join(areas)
    return [Advice(f"add --include {together}", (f"--include={together}",))] if areas else []


def _capabilities(reason: str) -> list[Advice]:
    found = re.fullmatch(r"the profile (\S+) does not claim (.+)", reason)
    if found is None:
        return []
    profile, named = found[1], found[2].split(", ")
    if set(named) <= {"anthropic", "openai"}:
        line = f"claims = [{_listed(named)}, ...]  # in the profile"
        return [Advice(f"say in a profile of your own that {profile} speaks it", (line,))]
    line = f"capabilities = [{_listed(named)}, ...]  # in the profile"
    return [Advice("claim it in the profile, if the gateway should be able to do it", (line,))]


def _listed(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


_OTHER = {
    "needs lab": Advice(
        "Only the lab mode can provoke it: the suite's scripted upstream behind the gateway."
    ),
    "nothing exercised it": Advice(
        "No recorded exchange holds what the rule is about; "
        "a wider selection, or other prompts, may."
    ),
    "needs a probe": Advice("Recorded traffic cannot show it; judge the gateway itself."),
    "needs a probe that was not sent": Advice(
        "Recorded traffic cannot show it; judge the gateway itself.", ("pytest --base-url=URL",)
    ),
    "the run stopped before it": Advice("Run again."),
}
_BY_OUTCOME = {
    Outcome.INCONCLUSIVE: Advice(
        "Run again, more slowly or with another model.", ("--concurrency=1",)
    ),
    Outcome.NOT_APPLICABLE: Advice("Nothing to do, unless the profile claims too little."),
}
