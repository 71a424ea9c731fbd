"""What `verdicts.jsonl` says of a live run beside its verdicts, as plain JSON values."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from conformance import __version__
from conformance.errors import PreflightFailure
from conformance.manner import Manner
from conformance.meter import Meter
from conformance.plan import Plan, lacking_lab
from conformance.run import Recorded
from conformance.target import Target


def header(
    target: Target, direct: Target | None, manner: Manner, plan: Plan, included: frozenset[str]
) -> dict[str, Any]:
    """The first line: who judges whom, with which configuration."""
    wanted = [s for s in plan.scenarios if not s.opt_in or s.opt_in in included]
    sent = [s for s in wanted if not lacking_lab(s, target)]
    return {
        "suite_version": __version__,
        "started_at": now(),
        "profile": target.profile.name,
        "kind": target.profile.kind,
        "target": target.base_url,
        "origin": target.origin,
        "direct": direct.base_url if direct else "",
        "lab": target.lab.url if target.lab else "",
        "edition": manner.edition,
        "baseline": str(manner.baseline or ""),
        "planned": len(plan.selected),
        "planned_exchanges": sum(scenario.exchanges for scenario in sent),
        "plan": digest(plan, included),
        "configuration": _configuration(target, manner, included),
    }


def preflight(recorded: Recorded, resumed: str = "") -> dict[str, Any]:
    """What preflight and recording found out; `resumed` says what was there already."""
    return {
        "warnings": [*([resumed] if resumed else []), *recorded.warnings],
        "roots": dict(recorded.roots),
        "models": dict(recorded.models),
        "requests": recorded.requests,
        "lost": recorded.lost,
    }


def failed(failure: PreflightFailure) -> dict[str, Any]:
    """Why nothing could be judged."""
    found = {"cause": failure.cause, "found": failure.found, "fix": failure.fix}
    return {"failure": found, "warnings": [], "requests": 0, "lost": ""}


def footer(status: int, meter: Meter) -> dict[str, Any]:
    """The last line: how the run ended, what it sent and what that cost."""
    return {
        "exit_status": status,
        "finished_at": now(),
        "requests": meter.requests,
        "spent": {
            "input_tokens": meter.input_tokens,
            "output_tokens": meter.output_tokens,
            "unreported": meter.unreported,
            "unanswered": meter.unanswered,
            "cost_usd": round(float(meter.cost_usd), 6) if meter.is_priced else None,
        },
    }


def digest(plan: Plan, included: frozenset[str]) -> str:
    """Stands for what was selected and for the text of all that is sent."""
    texts = [
        *sorted(plan.selected),
        *sorted(included),
        *(f"{s.name} {inspect.getsource(s.play)}" for s in plan.scenarios),
    ]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def now() -> str:
    """The moment, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _configuration(target: Target, manner: Manner, included: frozenset[str]) -> Mapping[str, Any]:
    return {
        "models": dict(target.models),
        "protocols": [str(protocol) for protocol in target.profile.endpoints],
        "versions": {str(p): e.version for p, e in target.profile.endpoints.items() if e.version},
        "keys": sorted(target.keys),
        "headers": sorted(target.headers),
        "control": target.profile.control,
        "concurrency": manner.concurrency,
        "timeout_s": manner.timeout_s,
        "smoke": manner.smoke,
        "faults": list(manner.faults),
        "included": sorted(included),
        "seed": manner.seed,
    }
