"""`clients`: which real clients a gateway can be tried with, installed, and how old they are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from time import monotonic

from conformance.clients import catalogue, installing
from conformance.clients.catalogue import Client, Tier
from conformance.commands import Commands
from conformance.errors import ConformanceError, UsageError

NOT_ALL = 1
"""The exit status where some client could not be installed, or asked after."""


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `clients` with its own commands."""
    parser = commands.add_parser("clients", help="the real clients that a gateway is tried with")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="print the clients, and which are installed")
    listing.set_defaults(command=list_clients)
    install = actions.add_parser(
        "install",
        help="install clients, each in a folder of its own",
        description="Installs clients from PyPI and npm, at the versions that were measured.",
    )
    install.add_argument(
        "--latest", action="store_true", help="the newest versions, beside the measured ones"
    )
    install.set_defaults(command=install_clients)
    drift = actions.add_parser("drift", help="print the measured versions beside the newest")
    drift.set_defaults(command=print_drift)
    for action in (listing, install, drift):
        action.add_argument("names", nargs="*", metavar="NAME", help="a client")
        action.add_argument(
            *("--tier",),
            action="append",
            default=[],
            choices=[tier.value for tier in Tier],
            help="all clients of a tier: A libraries, B agents, C the rest; may be repeated",
        )


def list_clients(arguments: argparse.Namespace) -> int:
    """Print each client with its version, its protocols and whether it is installed."""
    cache = installing.cache_folder()
    for client in _chosen(arguments):
        protocols = " ".join(client.protocols) or "-"
        print(
            f"{client.tier}  {client.name:<21} {client.version or '-':<11} {protocols:<17} "
            f"{_state(client):<14} {client.title}"
        )
    print(f"\nInstalled clients are in {cache}")
    return 0


def _state(client: Client) -> str:
    if client.recorded_shape:
        return "recorded"
    cache = installing.cache_folder()
    here = installing.found(client, cache)
    latest = installing.found(client, cache, latest=True)
    beside = f"latest {next(iter(latest.versions.values()))}" if latest else ""
    return ", ".join(filter(None, ("installed" if here else "", beside))) or "-"


def install_clients(arguments: argparse.Namespace) -> int:
    """Install one after the other; what fails is told, and does not stop the rest."""
    if not arguments.names and not arguments.tier:
        raise UsageError("clients install: found no client; name some, or give --tier A")
    wanted = _chosen(arguments)
    if not arguments.names:
        # A tier means what of it can be installed; by its name, each says why it cannot.
        wanted = tuple(client for client in wanted if not client.recorded_shape)
    # All of them, not any: each is tried.
    done = [_install(client, latest=arguments.latest) for client in wanted]
    return 0 if all(done) else NOT_ALL


def _install(client: Client, *, latest: bool) -> bool:
    started = monotonic()
    try:
        found = installing.install(client, installing.cache_folder(), latest=latest)
    except ConformanceError as error:
        print(f"gateway-conformance: {error}", file=sys.stderr)
        return False
    version = next(iter(found.versions.values()))
    print(f"{client.name} {version}: {monotonic() - started:.0f} s, {found.folder}", flush=True)
    return True


def print_drift(arguments: argparse.Namespace) -> int:
    """Print package by package what the registries have by now; changes nothing."""
    status = 0
    for client in _chosen(arguments):
        if client.recorded_shape:
            continue
        try:
            found = installing.newest(client)
        except ConformanceError as error:
            print(f"gateway-conformance: {client.name}: {error}", file=sys.stderr)
            status = NOT_ALL
            continue
        _print_packages(client, found)
    return status


def _print_packages(client: Client, newest: Mapping[str, str]) -> None:
    for package, version in client.packages.items():
        drifted = "" if newest[package] == version else f"newest {newest[package]}"
        line = f"{client.name:<21} {package:<32} {version:<11} {drifted}"
        print(line.rstrip(), flush=True)


def _chosen(arguments: argparse.Namespace) -> tuple[Client, ...]:
    if not arguments.names and not arguments.tier:
        return catalogue.clients()
    return catalogue.chosen(arguments.names, arguments.tier)
