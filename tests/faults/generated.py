"""The files that are written from the faults: `python -m tests.faults.generated`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from conformance import coverage
from conformance.catalogue import catalogue, kills
from reference_gateway.faults import FAULTS
from tests.faults import kill_matrix

ROOT = Path(__file__).parents[2]

_HEAD = """# The faults of the reference gateway that break each requirement.
# Written by `python -m tests.faults.generated`; the proof is `tox run -e faults`.

"""


def kills_file() -> str:
    """`kills.toml`, in page order."""
    return _HEAD + "".join(f"{id} = [{_named(id)}]\n" for id in catalogue() if _named(id))


def _named(id: str) -> str:
    return ", ".join(sorted(f'"{slug}"' for slug, fault in FAULTS.items() if id in fault.kills))


FILES: Mapping[str, Callable[[], str]] = {
    "conformance/requirements/kills.toml": kills_file,
    "docs/coverage.md": coverage.page,
    "docs/kill-matrix.md": kill_matrix.page,
}
"""How each file is written; a later one may read an earlier one."""


if __name__ == "__main__":
    for name, text in FILES.items():
        (ROOT / name).write_text(text(), encoding="utf-8")
        kills.cache_clear()
