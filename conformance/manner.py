"""How the user wants a run made and judged, as the options say it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from conformance.model import Level


@dataclass(frozen=True)
class Manner:
    """How the user wants the run made and judged."""

    smoke: bool = False
    concurrency: int = 8
    timeout_s: float = 60.0
    fail_on: Level = Level.MUST
    require_complete: bool = False
    fail_on_flaky: bool = False
    faults: tuple[str, ...] = ()
    included: frozenset[str] = frozenset()
    seed: int = 0
    quiet: bool = False
    max_cost_usd: Decimal | None = None
    max_requests: int | None = None
    per_minute: float | None = None
    dry_run: bool = False
    resume: Path | None = None
    baseline: Path | None = None
    update_baseline: bool = False
    edition: str = ""
