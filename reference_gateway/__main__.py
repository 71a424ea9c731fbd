"""The command line: `python -m reference_gateway`, or `reference-gateway`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from reference_gateway import commands, process
from reference_gateway.app import serve
from reference_gateway.config import Config, check_loopback, load
from reference_gateway.faults import FAULTS

LEDGER_HELP = "SQLite file or postgresql:// URL (default: in memory)"


def main(argv: list[str] | None = None) -> int:
    """Run the gateway until it is told to stop, or one command; returns the exit status."""
    words = sys.argv[1:] if argv is None else argv
    process.log_warnings()
    if words and words[0] in commands.NAMES:
        return process.reported("reference-gateway", lambda: commands.run(words))
    arguments = _parser().parse_args(words)
    if arguments.list_faults:
        for fault in FAULTS.values():
            sys.stdout.write(f"{fault.slug}\t{','.join(fault.kills)}\n")
        return 0
    return process.reported("reference-gateway", lambda: _serve(arguments))


def _serve(arguments: argparse.Namespace) -> None:
    config = _configured(arguments)
    asyncio.run(_run(config, arguments.ready_file, arguments.exit_with_stdin))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reference-gateway",
        description="Serve both protocols; the commands keys and accounts keep the ledger.",
    )
    parser.add_argument("--host", help="loopback address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="data port; 0 asks the system (default)")
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="settings; flags win")
    parser.add_argument("--ledger", metavar="WHERE", help=LEDGER_HELP)
    parser.add_argument(
        "--ready-file",
        type=Path,
        metavar="PATH",
        help="where to write addresses, control token and a valid key, mode 0600",
    )
    parser.add_argument(
        "--fault", action="append", metavar="SLUG", help="be wrong in this way; may be repeated"
    )
    parser.add_argument(
        "--lab",
        action="store_true",
        default=None,
        help="serve the lab too, a scripted upstream, and the models that it answers for",
    )
    parser.add_argument("--list-faults", action="store_true", help="print the faults and exit")
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="stop when standard input ends"
    )
    return parser


def _configured(arguments: argparse.Namespace) -> Config:
    config = load(arguments.config) if arguments.config else Config()
    chosen = {
        "host": arguments.host,
        "port": arguments.port,
        "ledger": arguments.ledger,
        "lab": arguments.lab,
        "faults": tuple(arguments.fault) if arguments.fault else None,
    }
    config = replace(config, **{name: value for name, value in chosen.items() if value is not None})
    process.check_port(config.port)
    check_loopback(config.host)
    return config


async def _run(config: Config, ready_file: Path | None, with_stdin: bool) -> None:
    async with serve(config) as running:
        await process.until_told(running, running.base_url, ready_file, with_stdin)


if __name__ == "__main__":
    sys.exit(main())
