"""`pytest --recordings`: a run that sends nothing and judges files instead.

The controller hears everything once and leaves the verdicts in the run folder; items,
in workers too, only look theirs up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance import archive, hearing
from conformance.exits import Exit
from conformance.hearing import Hearing
from conformance.model import Verdict
from conformance.plan import Plan
from conformance.session import Session
from conformance.verdicts import VerdictFile, from_json, to_json

HEARD = "heard.json"


@dataclass
class Replay(Session):
    """A session over recorded traffic: prepared by reading, told each verdict, finished."""

    paths: tuple[Path, ...] = ()
    named: str = ""
    kind: str = ""
    heard: Hearing | None = None

    def prepare(self, ids: Iterable[str]) -> None:
        """Judge what the files hold; raises UsageError where none can be read."""
        selected = tuple(ids)
        self.gate.refuse_filtered(selected)
        self.heard = hearing.hear(self.paths, self.named, self.kind, self._warn)
        self._start_folder()
        self.plan = Plan(selected, ())
        _write(self.heard.verdicts, self.folder)
        hearing.write_evidence(self.heard, self.folder / "recordings")
        profile = self.heard.profile
        self._say(f"recordings: {self.heard.target}: {self.heard.exchanges} exchanges")
        self._say(f"profile {profile.name}, judged as a {profile.kind}; nothing is sent")
        self.file = VerdictFile(self.folder)
        self.file.header(hearing.header(self.heard, hearing.now(), len(selected)))
        self.file.preflight(hearing.preflight(self.heard))

    @property
    def _is_whole(self) -> bool:
        """Whether there was anything to judge: what cannot be read is told by the status."""
        return self.heard is not None

    def status(self) -> int:
        """The exit status that the verdicts and the unread pieces amount to."""
        status = super().status()
        unread = self.heard is not None and bool(self.heard.unread)
        return hearing.UNREAD if unread and status != Exit.FAILED else status

    def _warn(self, line: str) -> None:
        self._say(f"unread: {line}")


class Heard:
    """The verdicts of a replay, as its folder has them."""

    def __init__(self, folder: Path) -> None:
        rows = json.loads((folder / HEARD).read_text(encoding="utf-8"))
        self._verdicts = {row["requirement"]: from_json(row) for row in rows}

    def verdict(self, id: str) -> Verdict:
        """The verdict on one requirement."""
        return self._verdicts[id]


def _write(verdicts: Mapping[str, Verdict], folder: Path) -> None:
    text = json.dumps([to_json(verdict) for verdict in verdicts.values()])
    archive.write_whole(folder / HEARD, text)
