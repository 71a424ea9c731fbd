"""The command line: `python -m reference_gateway`, or `reference-gateway`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from reference_gateway import commands
from reference_gateway.app import Running, serve
from reference_gateway.config import Config, check_loopback, load
from reference_gateway.errors import UsageError
from reference_gateway.faults import FAULTS

LEDGER_HELP = "SQLite file or postgresql:// URL (default: in memory)"
USAGE_ERROR_STATUS = 2
MAX_PORT = 65_535
STDIN = 0


def main(argv: list[str] | None = None) -> int:
    """Run the gateway until it is told to stop, or one command; returns the exit status."""
    words = sys.argv[1:] if argv is None else argv
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    # aiohttp's own messages may quote what a client sent.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    if words and words[0] in commands.NAMES:
        return _reported(lambda: commands.run(words))
    arguments = _parser().parse_args(words)
    if arguments.list_faults:
        for fault in FAULTS.values():
            sys.stdout.write(f"{fault.slug}\t{','.join(fault.kills)}\n")
        return 0
    return _reported(lambda: _serve(arguments))


def _serve(arguments: argparse.Namespace) -> None:
    config = _configured(arguments)
    asyncio.run(_run(config, arguments.ready_file, arguments.exit_with_stdin))


def _reported(action: Callable[[], None]) -> int:
    """Do something; a user's mistake is one line, and the exit status."""
    try:
        action()
    except UsageError as error:
        sys.stderr.write(f"reference-gateway: {error}\n")
        return USAGE_ERROR_STATUS
    return 0


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
        "faults": tuple(arguments.fault) if arguments.fault else None,
    }
    config = replace(config, **{name: value for name, value in chosen.items() if value is not None})
    if not 0 <= config.port <= MAX_PORT:
        raise UsageError(f"port {config.port} is not between 0 and 65535")
    check_loopback(config.host)
    return config


async def _run(config: Config, ready_file: Path | None, with_stdin: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with serve(config) as running:
        if ready_file:
            write_ready_file(ready_file, running)
        else:
            sys.stdout.write(f"{running.base_url}\n")
            sys.stdout.flush()
        if with_stdin:
            _watch_stdin(loop, stopped)
        await stopped.wait()


def write_ready_file(path: Path, running: Running) -> None:
    """Tell the starter where we are; readable by its owner only, and never half written."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(running), file)
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _watch_stdin(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Stop when stdin ends; a thread, because not every stdin can be polled."""

    def wait_for_end() -> None:
        with contextlib.suppress(OSError):  # A stdin that was never open has ended.
            while os.read(STDIN, 4096):
                pass
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=wait_for_end, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
