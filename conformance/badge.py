"""`badge.json` of a run folder: an endpoint badge for shields.io."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from conformance import archive, verdicts
from conformance.exits import Exit
from conformance.flags import Flag
from conformance.model import Outcome
from conformance.verdicts import Judged

NAME = "badge.json"


def write(folder: Path) -> Path:
    """Write the badge of a run folder; raises UnreadableFile where it has no verdicts."""
    path = folder / NAME
    archive.write_whole(path, json.dumps(badge(verdicts.read(folder)), indent=1) + "\n")
    return path


def badge(judged: Judged) -> dict[str, Any]:
    """The badge in the endpoint schema of shields.io: what the run comes to, in two words."""
    edition = judged.header.get("edition")
    message, color = _message(judged)
    return {
        "schemaVersion": 1,
        "label": f"LLM gateway {edition}" if edition else "LLM gateway",
        "message": message,
        "color": color,
        "isError": color == "red",
    }


def _message(judged: Judged) -> tuple[str, str]:
    status = judged.footer.get("exit_status")
    counts = Counter(v.outcome for v in judged.verdicts if Flag.UNSCORED not in v.flags)
    if status == Exit.CONFORMS:
        known = counts[Outcome.KNOWN]
        return ("conforms", "brightgreen") if not known else (f"{known} known failures", "yellow")
    if status == Exit.FAILED:
        failing = counts[Outcome.FAIL]
        return (f"{failing} failing" if failing else "failing"), "red"
    return ("incomplete" if status == Exit.INCOMPLETE else "not judged"), "lightgrey"
