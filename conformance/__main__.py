"""The command line of the suite: `gateway-conformance COMMAND ...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from conformance import __version__
from conformance.commands import (
    clients,
    connect,
    diff,
    discovering,
    judging,
    lab,
    listing,
    matrix,
    redacting,
    reporting,
)
from conformance.commands.run import run
from conformance.errors import ConformanceError

USAGE_ERROR = 4
COMMANDS = (
    listing,
    discovering,
    reporting,
    judging,
    redacting,
    diff,
    matrix,
    clients,
    connect,
    lab,
)


class _Parser(argparse.ArgumentParser):
    """Exits as pytest does where the user made a mistake: 2 means interrupted there."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is that of the command."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["run"]:
        return run(words[1:])
    arguments = _parser().parse_args(words)
    try:
        return int(arguments.command(arguments))
    except ConformanceError as error:
        print(f"gateway-conformance: {error}", file=sys.stderr)
        return USAGE_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="gateway-conformance", description="Decides whether an LLM gateway is right."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("run", help="judge a gateway; takes pytest's options and ours")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
