"""`diff`: what got worse, better or different from one run to another."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from conformance.commands import Commands
from conformance.commands.output import write_page
from conformance.compare.comparison import Comparison, compared
from conformance.compare.page import render
from conformance.compare.runs import load
from conformance.compare.terminal import lines
from conformance.model import Level

_DETAILS = """\
changes, most severe first:
  new_failure  a MUST fails in B and did not in A
  changed      it fails in both, in another way (worse where a way is new)
  lost         it ran in A and does not in B: absent, not run, or not applicable
  not_reached  it ran in A; B was cut short before it
  blocked      it ran in A; in B the failure of another one keeps it from being judged
  new_warning  a SHOULD is broken in B and was not in A
  outcome, level, fixed, new

A way of failing is the scenario and the location without indices: no values, ids, times.

exit status:
  0  nothing got worse
  1  new_failure, changed with a new way, lost or blocked
  4  usage, or a run that cannot be read
  7  nothing seen got worse, but B is truncated or leaves a MUST inconclusive

keys of --json:
  a, b         name, folder, target, profile, kind, suite_version, started_at, truncated, counts
  exit_status  as above
  notes        what makes the comparison less than complete, as sentences
  counts       differences by change
  differences  requirement, change, level, worse, why, appeared and vanished (ways of
               failing: [scenario, where]), a and b (the verdicts as in verdicts.jsonl, or null)
  shapes       scenario, exchange (from 1; 0 is the scenario), where, a, b
"""


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `diff`."""
    parser = commands.add_parser(
        "diff",
        help="compare two runs: new failures, fixed, lost checks, shapes of answers",
        description="Compares run B with run A: two runs of one target, or two targets.",
        epilog=_DETAILS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", type=Path, metavar="A", help="the run folder to compare with")
    parser.add_argument("b", type=Path, metavar="B", help="the run folder that is judged by it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page as well")
    parser.add_argument(
        "--fail-on",
        choices=("must", "should"),
        default="must",
        help="with should, new warnings make B worse too",
    )
    parser.set_defaults(command=diff)


def diff(arguments: argparse.Namespace) -> int:
    """Print the comparison, write its page, and say by the status whether B is worse."""
    comparison = compared(load(arguments.a), load(arguments.b), Level(arguments.fail_on))
    if arguments.html:
        write_page(arguments.html, render(comparison))
    if arguments.json:
        print(json.dumps(comparison.to_json(), indent=1))
    else:
        _print(comparison)
    if arguments.html:
        print(arguments.html, file=sys.stderr if arguments.json else sys.stdout)
    return comparison.exit_status


def _print(comparison: Comparison) -> None:
    for line in lines(comparison):
        print(line)
