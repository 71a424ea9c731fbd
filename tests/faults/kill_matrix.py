"""The kill matrix as a page; `tests.faults.generated` writes it."""

from __future__ import annotations

from conformance.catalogue import catalogue
from conformance.registry import CLIENTS, requirements
from reference_gateway.faults import FAULTS

_HEAD = """# Kill matrix

Every requirement that has a check, with the faults of the reference gateway that it
catches. Each row is proved by `tox run -e faults`: the gateway with the fault breaks
exactly the requirements that the fault names, and the healthy one breaks none.

`GW-CLI` checks are not here: the proof runs no client. What the libraries of tier A and Claude
Code do under each fault is measured by `tox run -e impact` and kept in `reports/impact.toml`; the
other clients' rules are the same functions.

| requirement | level | caught faults |
|---|---|---|
"""


def page() -> str:
    """The matrix in Markdown."""
    return _HEAD + "".join(_row(id) for id, r in requirements().items() if r.page != CLIENTS)


def _row(id: str) -> str:
    faults = ", ".join(sorted(slug for slug, fault in FAULTS.items() if id in fault.kills))
    reason = "(needs a scripted upstream)" if requirements()[id].needs_lab else ""
    return f"| {id} | {catalogue()[id].level('gateway')} | {faults or reason} |\n"
