"""Looks for a secret, or any telling part of it, in everything that a run left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PART = 9
"""A run of so many characters of a secret is telling."""

CANARY = "th-" + "Zk4WqX7vTn2LpR9sYb3HgJ6mDc8FaU5eQiN1oKxVwBt"
"""A key that nothing else in the world looks like."""


def parts(secret: str) -> set[str]:
    """Every telling part of a secret; its public prefix does not count."""
    hidden = secret.removeprefix("th-")
    return {hidden[at : at + PART] for at in range(len(hidden) - PART + 1)}


def leaks(secret: str, place: Path, output: str) -> list[str]:
    """Where parts of the secret stand: files below a folder (names too), and the output."""
    wanted = parts(secret)
    return [
        where
        for where, text in (("output", output), *_texts(place))
        if any(part in text for part in wanted)
    ]


def _texts(place: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        yield f"the name {name}", name
        if path.is_file():
            yield name, path.read_bytes().decode("latin-1")
