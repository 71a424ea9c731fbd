"""`connect`: the settings that connect a client to a gateway, and whether they were proved."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conformance import archive, registry, verdicts
from conformance.clients import catalogue, settings
from conformance.clients.place import root_of
from conformance.commands import Commands
from conformance.connect import Evidence, Gateway, guide
from conformance.errors import UnreadableFile, UsageError
from conformance.kinds import Protocol

RUNS = Path("reports/runs")


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `connect`."""
    parser = commands.add_parser(
        "connect",
        help="how to connect a client to a gateway: the settings that its checks run",
        description="Prints the settings of a client as markdown; sends nothing.",
    )
    parser.add_argument("--base-url", required=True, metavar="URL", help="the gateway")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--client", default="", metavar="NAME", help="the client to connect")
    which.add_argument("--all", action="store_true", help="all clients, the newest major of each")
    parser.add_argument("--protocol", choices=list(map(str, Protocol)), help="default: each")
    parser.add_argument("--model", default="", metavar="MODEL", help="default: as in the run")
    parser.add_argument(
        "--run",
        type=Path,
        metavar="FOLDER",
        help=f"the run that proved it; default: the newest for this URL below {RUNS}/",
    )
    parser.set_defaults(command=connect)


def connect(arguments: argparse.Namespace) -> int:
    """Print the settings; nothing is sent, and no key is read."""
    names = _all() if arguments.all else [_known(arguments.client)]
    protocols = [arguments.protocol] if arguments.protocol else list(map(str, Protocol))
    if not arguments.all and not set(protocols) & set(settings.protocols_of(names[0])):
        raise UsageError(f"{names[0]} does not speak {arguments.protocol}")
    gateway = Gateway(
        base_url=arguments.base_url.rstrip("/"),
        model=arguments.model,
        runs=_runs(arguments.base_url, arguments.run),
        subjects=_subjects(),
    )
    if arguments.all:
        print(f"# Clients of {gateway.base_url}\n")
    print(guide(gateway, names, protocols), end="")
    return 0


def _known(name: str) -> str:
    settings.family_of(name)
    return catalogue.named(name).name


def _all() -> list[str]:
    return [client.name for client in catalogue.clients() if not client.held]


def _subjects() -> dict[str, Sequence[str]]:
    """The scenarios that real clients play, by the requirement that judges them."""
    clients = {name for name, found in registry.scenarios().items() if found.opt_in == "clients"}
    named = {id: found.scenario_names for id, found in registry.requirements().items()}
    return {id: found for id, found in named.items() if clients & set(found)}


def _runs(base_url: str, chosen: Path | None) -> list[Evidence]:
    if chosen is not None:
        return [_evidence(chosen, verdicts.read(chosen))]
    return list(_stored(base_url))


def _stored(base_url: str) -> Iterator[Evidence]:
    for path in sorted(RUNS.glob(f"*/{verdicts.NAME}"), reverse=True):
        try:
            judged = verdicts.read(path.parent)
        except UnreadableFile:
            # A broken run proves nothing, and hides nothing that an older one proved.
            continue
        if root_of(str(judged.header.get("target", ""))) == root_of(base_url):
            yield _evidence(path.parent, judged)


def _evidence(folder: Path, judged: verdicts.Judged) -> Evidence:
    found = judged.preflight
    return Evidence(
        folder=str(folder),
        when=str(judged.header.get("started_at", ""))[:10],
        outcomes={verdict.requirement: verdict.outcome for verdict in judged.verdicts},
        versions=_versions(folder),
        roots=_words(found.get("roots")),
        models=_words(found.get("models")),
    )


def _versions(folder: Path) -> dict[str, str]:
    """The version of each client that played, by scenario; empty where it is not known."""
    paths = sorted((folder / "recordings").glob("client-*.json"))
    recordings = [archive.read(path) for path in paths]
    return {
        recording.scenario: str(recording.facts.get("version", ""))
        for recording in recordings
        if not recording.not_recorded
    }


def _words(value: object) -> Mapping[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
