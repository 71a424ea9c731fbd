"""The command line: `python -m reference_gateway.lab`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from reference_gateway import process
from reference_gateway.config import check_loopback
from reference_gateway.lab.app import serve_lab

PROGRAM = "reference-gateway-lab"


def main(argv: list[str] | None = None) -> int:
    """Run the lab until it is told to stop; returns the exit status."""
    process.log_warnings()
    arguments = _parser().parse_args(argv)
    return process.reported(PROGRAM, lambda: _serve(arguments))


def _serve(arguments: argparse.Namespace) -> None:
    process.check_port(arguments.port)
    check_loopback(arguments.host)
    asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> None:
    async with serve_lab(arguments.host, arguments.port) as lab:
        # Whoever starts a lab by hand needs its keys, and they open nothing else.
        said = json.dumps(asdict(lab))
        await process.until_told(lab, said, arguments.ready_file, arguments.exit_with_stdin)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Serve a scripted upstream that records what a gateway sends it."
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port; 0 asks the system (default)")
    parser.add_argument(
        "--ready-file",
        type=Path,
        metavar="PATH",
        help="where to write url, token, key and refused_url, mode 0600",
    )
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="stop when standard input ends"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
