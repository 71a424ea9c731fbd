"""What each fault breaks, measured: `python -m tests.faults.measure [SLUG...] [--write]`.

Prints where the measured ids differ from those that a fault declares; with `--write` the
declarations follow the measurement, for a reader to check. Ids that are still planned
are kept as declared.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import reference_gateway.faults
from conformance.model import Outcome
from conformance.registry import requirements
from reference_gateway.faults import FAULTS
from tests.faults.proof import judged

_CAUGHT = {Outcome.FAIL, Outcome.WARN, Outcome.INFO}
_PLACE = Path(reference_gateway.faults.__file__).parent


def main(arguments: list[str]) -> int:
    """Measure, print, write; 1 where a declaration was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.measure")
    parser.add_argument("slugs", nargs="*", metavar="SLUG")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    wrong = {slug: ids for slug in asked.slugs or FAULTS if (ids := _corrected(slug)) is not None}
    if asked.write:
        _write(wrong)
    return 1 if wrong else 0


def _corrected(slug: str) -> list[str] | None:
    """The ids that a fault should declare; None where it does."""
    verdicts = judged(slug)
    measured = {id for id, verdict in verdicts.items() if verdict.outcome in _CAUGHT}
    declared = FAULTS[slug].kills
    planned = [id for id in declared if id not in requirements()]
    missed = sorted(set(declared) - measured - set(planned))
    extra = sorted(measured - set(declared))
    if not missed and not extra:
        return None
    print(f"{slug}: not caught by {missed}, caught beyond it by {extra}")
    for id in extra:
        print(f"    {id}: {verdicts[id].violations[0]}")
    kept = [id for id in declared if id not in missed]
    return kept + extra


def _write(corrected: dict[str, list[str]]) -> None:
    for path in _PLACE.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        for slug, ids in corrected.items():
            text = _replaced(text, slug, ids)
        path.write_text(text, encoding="utf-8")


def _replaced(text: str, slug: str, ids: Iterable[str]) -> str:
    named = "(" + "".join(f'"{id}", ' for id in ids) + ")"
    pattern = re.compile(rf'(@fault\(\s*"{re.escape(slug)}",.*?kills=)\(.*?\)', re.DOTALL)
    return pattern.sub(lambda found: found[1] + named, text, count=1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
