"""What a run looked at, and what it left out on purpose, each with the line that adds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.model import Level, Outcome, Verdict
from conformance.registry import OPT_INS, requirements, unasked
from conformance.verdicts import Judged

_UNDECIDED = (Outcome.INCONCLUSIVE, Outcome.NOT_RUN)


@dataclass(frozen=True)
class Row:
    """How many requirements of a level were decided, of how many that have a verdict."""

    level: Level
    decided: int
    total: int


@dataclass(frozen=True)
class LeftOut:
    """Something that the run did not look at: what, and the line that adds it."""

    what: str
    line: str


@dataclass(frozen=True)
class Coverage:
    """What the verdict rests on."""

    rows: tuple[Row, ...]
    protocols: str
    keys: str
    included: str
    left_out: tuple[LeftOut, ...]


def coverage(judged: Judged) -> Coverage:
    """What the header and the verdicts of a run say about its reach."""
    configuration = judged.header.get("configuration", {})
    return Coverage(
        rows=tuple(row for level in Level if (row := _row(level, judged.verdicts)).total),
        protocols=_joined(configuration, "protocols"),
        keys=_joined(configuration, "keys"),
        included=_joined(configuration, "included"),
        left_out=(*_selection(judged), *_opt_ins(configuration), *_lab(judged.header)),
    )


def _row(level: Level, verdicts: tuple[Verdict, ...]) -> Row:
    own = [verdict for verdict in verdicts if verdict.level is level]
    return Row(level, sum(verdict.outcome not in _UNDECIDED for verdict in own), len(own))


def _joined(configuration: Mapping[str, Any], name: str) -> str:
    return ", ".join(map(str, configuration.get(name, ())))


def _selection(judged: Judged) -> list[LeftOut]:
    """What `-k`, `-m` or `--protocol` left out."""
    planned, every = judged.header.get("planned"), _asked_for(judged)
    if not isinstance(planned, int) or planned >= every:
        return []
    what = f"{every - planned} of {every} requirements, which the selection left out"
    return [LeftOut(what, "run without -k, -m and --protocol")]


def _asked_for(judged: Judged) -> int:
    """How many requirements there are without those of real clients that nobody asked for."""
    included = judged.header.get("configuration", {}).get("included", ())
    return len(requirements() if "clients" in included else unasked())


_AREAS = {
    "slow": "long silences (minutes)",
    "abuse": "hostile input",
    "large": "megabytes, and prompts of many thousand tokens",
    "clients": "real clients",
}


def _lab(header: Mapping[str, Any]) -> list[LeftOut]:
    """The side of the upstream, where nobody stood; unknown for older or recorded runs."""
    if header.get("lab", "unknown"):
        return []
    what = "the lab: what the gateway asks of its upstream, and makes of its answers"
    return [LeftOut(what, "--lab=URL, which `gateway-conformance lab` prints")]


def _opt_ins(configuration: Mapping[str, Any]) -> list[LeftOut]:
    """The areas that are sent only when asked for; unknown for older or recorded runs."""
    if "included" not in configuration:
        return []
    included = configuration["included"]
    return [
        LeftOut(f"{area}: {_AREAS.get(area, area)}", f"--include={area}")
        for area in OPT_INS
        if area not in included
    ]
