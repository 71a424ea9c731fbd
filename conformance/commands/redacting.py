"""`redact`: makes a capture safe to send, and says what it removed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from conformance import imports
from conformance.commands import Commands
from conformance.errors import UsageError
from conformance.hearing import UNREAD
from conformance.imports import Source, Unread
from conformance.scrub import Scrubber
from conformance.scrub.rewriting import rewrite


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `redact`."""
    parser = commands.add_parser(
        "redact", help="take keys, cookies, account ids and addresses out of recorded traffic"
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files or run folders")
    parser.add_argument(
        "--content", action="store_true", help="also replace prompts, answers and tool arguments"
    )
    parser.add_argument(
        "-o",
        dest="folder",
        type=Path,
        metavar="DIR",
        default=Path("redacted"),
        help="where the safe copies go (default ./redacted)",
    )
    parser.set_defaults(command=redact)


def redact(arguments: argparse.Namespace) -> int:
    """Write the safe copies; 4 where something could not be read."""
    scrubber, unread = Scrubber(arguments.content), 0
    sources = list(imports.sources(arguments.files))
    _check(sources, arguments.folder)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        for found in rewrite(source, arguments.folder, scrubber):
            if isinstance(found, Unread):
                unread += 1
                print(f"gateway-conformance: {source.name}: {found}", file=sys.stderr)
            else:
                print(f"wrote {found}")
    removed = ", ".join(f"{count} {kind}" for kind, count in scrubber.removed.most_common())
    print(f"removed: {removed or 'nothing; look through the copy before you send it'}")
    return UNREAD if unread else 0


def _check(sources: list[Source], folder: Path) -> None:
    """No copy takes the place of an input, or of another copy."""
    taken: dict[Path, Path] = {}
    for source in sources:
        for path in source.paths:
            copy = (folder / path.name).resolve()
            if copy == path.resolve() or path.resolve() == folder.resolve():
                raise UsageError(f"-o: {folder} holds the input {path}; name another folder")
            if copy in taken:
                raise UsageError(f"{path} and {taken[copy]} have one name; redact them apart")
            taken[copy] = path
