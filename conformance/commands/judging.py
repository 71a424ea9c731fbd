"""`judge`: the same requirements over traffic that was recorded elsewhere."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from conformance import editions, hearing
from conformance.commands import Commands
from conformance.exits import exit_status, is_failing
from conformance.gate import Gate, opened
from conformance.hearing import Hearing
from conformance.model import Level
from conformance.summary import write_summary
from conformance.verdicts import counts, to_json
from conformance.wording import explained


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `judge`."""
    parser = commands.add_parser(
        "judge", help="judge recorded traffic: our recordings, HAR, cassettes, curl, JSONL"
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files or run folders")
    parser.add_argument(
        "--kind", choices=["gateway", "vendor"], default="", help="who answered (default gateway)"
    )
    parser.add_argument(
        "--profile", default="", metavar="NAME|FILE", help="what differs at this gateway"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    parser.add_argument(
        "--report-dir", type=Path, metavar="DIR", help="default: reports/runs/<UTC time>-recordings"
    )
    parser.add_argument("--no-report", action="store_true", help="write no files")
    parser.add_argument(
        "--fail-on", choices=["must", "should"], default="must", help="the weakest failing level"
    )
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="known failures (TOML), as of a run"
    )
    parser.add_argument(
        "--update-baseline", action="store_true", help="write --baseline anew from these files"
    )
    parser.add_argument("--edition", default="", metavar="NAME", help="a frozen set, as 2026.1")
    parser.set_defaults(command=judge)


def judge(arguments: argparse.Namespace) -> int:
    """Judge, write the report, print the verdicts; the exit status is that of a run."""
    gate = _gate(arguments)
    heard = hearing.hear(arguments.files, arguments.profile, arguments.kind, _tell)
    heard.verdicts = {id: gate.passed(verdict) for id, verdict in heard.verdicts.items()}
    status = exit_of(heard, Level(arguments.fail_on))
    page = None
    if not arguments.no_report:
        folder = arguments.report_dir or hearing.default_folder(Path.cwd())
        page = hearing.write(heard, folder, status)
    if arguments.json:
        print(json.dumps(_object(heard), indent=1))
    else:
        _print(heard, page)
    written = gate.write(heard.verdicts.values())
    if written:
        _tell(written)
    return status


def _gate(arguments: argparse.Namespace) -> Gate:
    edition = editions.load(arguments.edition) if arguments.edition else None
    fail_on, today = Level(arguments.fail_on), datetime.now(UTC).date()
    return opened(arguments.baseline, edition, fail_on, arguments.update_baseline, today)


def exit_of(heard: Hearing, fail_on: Level) -> int:
    """The status of a run; 4 where some input could not be read and nothing failed."""
    status = int(exit_status(heard.verdicts.values(), fail_on))
    return hearing.UNREAD if heard.unread and status != 1 else status


def _tell(line: str) -> None:
    print(f"gateway-conformance: {line}", file=sys.stderr)


def _object(heard: Hearing) -> dict[str, object]:
    judged = heard.verdicts.values()
    return {
        "exchanges": heard.exchanges,
        "counts": counts(judged),
        "verdicts": [to_json(verdict) for verdict in judged],
    }


def _print(heard: Hearing, page: Path | None) -> None:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(heard.kinds.items()))
    print(f"recordings: {heard.target}: {heard.exchanges} exchanges ({kinds or 'none'})")
    print(f"profile {heard.profile.name}, judged as a {heard.profile.kind}")
    for verdict in heard.verdicts.values():
        if is_failing(verdict):
            print(explained(verdict))
    write_summary(heard.verdicts, smoke=False, write=print)
    if page is not None:
        print(f"report: {page}")
