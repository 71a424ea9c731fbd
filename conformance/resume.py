"""`--resume`: an interrupted run goes on; what it recorded is not sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import archive, verdicts
from conformance.errors import UnreadableFile, UsageError
from conformance.model import Recording
from conformance.retrying import LOST
from conformance.run import UNFINISHED, Earlier
from conformance.verdicts import Judged

INTERRUPTED = "verdicts.jsonl.interrupted"
"""What the interrupted run had written; the resumed one writes `verdicts.jsonl` whole."""

_SAME = {
    "suite_version": "suite version",
    "target": "target",
    "direct": "--reference-url",
    "profile": "profile",
    "kind": "kind of profile",
    "lab": "--lab",
    "plan": "plan",
}


@dataclass(frozen=True)
class Resumed:
    """An interrupted run: when it started, and its folder."""

    folder: Path
    judged: Judged

    @property
    def words(self) -> str:
        """What is taken over, for the report."""
        count = len(self.earlier(self.folder).recordings)
        return f"resumed: {count} recordings of {self.judged.header.get('started_at')} are reused"

    def earlier(self, folder: Path) -> Earlier:
        """What a folder of the run (its own, or the provider's) has of recordings."""
        try:
            found = archive.read_all(folder / "recordings")
            parts = archive.read_all(folder / UNFINISHED)
        except UnreadableFile as error:
            raise UsageError(f"--resume: {error}") from None
        whole = {name: recording for name, recording in found.items() if _is_whole(recording)}
        return Earlier(whole, {name: p for name, p in parts.items() if name not in whole})

    def check(self, header: Mapping[str, Any]) -> None:
        """Refuse where this run would be another one; raises UsageError."""
        before = self.judged.header
        pairs = [(words, before.get(name, ""), header[name]) for name, words in _SAME.items()]
        models = before.get("configuration", {}).get("models")
        pairs.append(("models", models, header["configuration"]["models"]))
        for words, was, now in pairs:
            if was != now:
                raise UsageError(f"--resume: another {words}: it was {was}, now {now}; run anew")
        if not self.judged.is_truncated and not self._is_stopped:
            raise UsageError(f"--resume: {self.folder} is complete; there is nothing to resume")

    @property
    def _is_stopped(self) -> bool:
        """Whether the run ended before its plan did: its budget, or a storm of 5xx."""
        found = archive.read_all(self.folder / "recordings").values()
        return any(recording.not_recorded.startswith(_STOPPED) for recording in found)

    def set_aside(self) -> None:
        """Make room for the verdicts of the resumed run."""
        (self.folder / verdicts.NAME).replace(self.folder / INTERRUPTED)


_STOPPED = ("needs budget", "the target answered")


def read(folder: Path) -> Resumed:
    """The interrupted run in a folder; raises UsageError."""
    try:
        return Resumed(folder, verdicts.read(folder))
    except UnreadableFile as error:
        raise UsageError(f"--resume: {error}") from None


def _is_whole(recording: Recording) -> bool:
    """Whether a scenario ended, on a network that was there."""
    lost = [e for e in recording.final if e.failure and e.failure.kind in LOST]
    return not recording.not_recorded and not lost
