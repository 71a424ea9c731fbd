"""Recordings of our own: a run folder, its `recordings`, or single files of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance import archive, verdicts
from conformance.errors import UnreadableFile
from conformance.imports.entry import Run, Unread
from conformance.model import Recording


def folder_of(path: Path) -> Path | None:
    """Where the recordings of a folder are; None where it holds none."""
    # Beside its verdicts a run folder keeps other JSON files, which are no recordings.
    own = [path / "recordings"] if (path / verdicts.NAME).exists() else [path / "recordings", path]
    for folder in own:
        if folder.is_dir() and any(folder.glob("*.json")):
            return folder
    return None


def read_folder(path: Path) -> Iterator[Run | Unread]:
    """A folder of recordings as one run."""
    folder = folder_of(path)
    yield from read_files(sorted(folder.glob("*.json")) if folder else ())


def read_files(paths: Sequence[Path]) -> Iterator[Run | Unread]:
    """Files of one folder as one run, after what could not be read of them."""
    recordings: dict[str, Recording] = {}
    for path in paths:
        try:
            recording = archive.read(path)
        except UnreadableFile as error:
            yield Unread(path.name, error.found, error.expected)
        else:
            recordings[recording.scenario] = recording
    yield Run(recordings)


def said(path: Path) -> tuple[str, str]:
    """The profile and kind that the run behind a folder or a recording was judged with."""
    for folder in (path, path.parent, path.parent.parent):
        try:
            header = verdicts.read(folder).header
        except UnreadableFile:
            continue
        return str(header.get("profile", "")), str(header.get("kind", ""))
    return "", ""
