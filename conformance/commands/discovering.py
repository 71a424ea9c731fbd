"""`discover`: what a gateway is capable of, as a stanza for its profile."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from conformance import discovery, embedded
from conformance.commands import Commands
from conformance.connection import Deadlines
from conformance.control.manual import ManualControl
from conformance.errors import UsageError
from conformance.kinds import Protocol
from conformance.run import Conditions, Recorded, record
from conformance.target import Target, Wish, resolve

CONCURRENCY = 4


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `discover`."""
    parser = commands.add_parser(
        "discover", help="find out what a gateway is capable of; prints lines for a profile"
    )
    parser.add_argument("--base-url", default="", metavar="URL", help="default: as for run")
    parser.add_argument("--profile", default="", metavar="NAME|FILE", help="default: by the host")
    parser.add_argument("--key-file", default="", metavar="FILE", help="a file with the key")
    parser.add_argument("--model", default="", metavar="MODEL", help="the model to ask")
    for protocol in Protocol:
        parser.add_argument(f"--model-{protocol}", default="", metavar="MODEL", help="there")
    parser.add_argument("--protocol", action="append", default=[], choices=["anthropic", "openai"])
    parser.add_argument("--fault", action="append", default=[], help=argparse.SUPPRESS)
    parser.set_defaults(command=discover)


def discover(arguments: argparse.Namespace) -> int:
    """Ask for everything, print the stanza, and on stderr what was refused."""
    wish = Wish(
        base_url=arguments.base_url,
        profile=arguments.profile,
        key_file=arguments.key_file,
        model=arguments.model,
        model_openai=arguments.model_openai,
        model_anthropic=arguments.model_anthropic,
        protocols=tuple(arguments.protocol),
    )
    return tell(resolve(wish, os.environ), arguments.fault)


def tell(target: Target, faults: Iterable[str] = ()) -> int:
    """Ask a target for everything and print its stanza; raises ConformanceError."""
    recorded = _recorded(target, tuple(faults))
    if recorded.lost:
        raise UsageError(recorded.lost)
    found = discovery.findings(recorded.recordings)
    print(discovery.stanza(target.profile, found))
    for finding in found:
        if not finding.holds:
            print(f"not {finding.capability}: {finding.refusal}", file=sys.stderr)
    return 0


def _recorded(target: Target, faults: tuple[str, ...]) -> Recorded:
    if not target.is_embedded:
        if faults:
            raise UsageError("--fault is for the embedded gateway, not for --base-url")
        return _asked(target)
    with embedded.started(faults) as gateway:
        return _asked(target.started(gateway.base_url, gateway.key, gateway.lab))


def _asked(target: Target) -> Recorded:
    generous = replace(target, profile=discovery.claiming_all(target.profile))
    with tempfile.TemporaryDirectory() as folder:
        conditions = Conditions(Path(folder), Deadlines(), CONCURRENCY, lambda *_: None)
        plan = discovery.plan_for(generous.profile)
        return asyncio.run(record(generous, plan, ManualControl(), conditions))
