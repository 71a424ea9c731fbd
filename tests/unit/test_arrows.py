"""Who may import whom, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(str(find_spec("conformance").origin)).parent  # type: ignore[union-attr]
TREES = {
    ".".join(("conformance", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.rglob("*.py"))
}
SENDING = {"httpx", "asyncio", "socket", "ssl", "urllib.request", "http", "aiohttp", "subprocess"}
IMPURE = SENDING | {"time", "random", "os", "pathlib", "tempfile", "secrets", "uuid"}


def imported(name: str) -> set[str]:
    """What a module imports, `from conformance import x` as `conformance.x`."""
    return {found for node in ast.walk(TREES[name]) for found in _names(node)}


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        inner = [f"{module}.{alias.name}" for alias in node.names]
        packages = [name for name in inner if name in TREES]
        yield from packages or [module]


def ours(name: str) -> set[str]:
    """The modules of the suite that a module imports."""
    return {found for found in imported(name) if found.partition(".")[0] == "conformance"}


def below(package: str) -> list[str]:
    """The modules of a package, itself included."""
    return [name for name in TREES if name == package or name.startswith(f"{package}.")]


def named(*modules: str) -> set[str]:
    """Modules of the suite by their short names, packages with all that is in them."""
    return {name for module in modules for name in below(f"conformance.{module}")}


READING = (
    *("kinds", "model", "sse", "grammar", "shapes", "messages", "chat", "features"),
    *("responses", "embeddings", "asked", "directions", "passages", "provoked"),
)
MAY_IMPORT = {
    "conformance.kinds": named(),
    "conformance.nonces": named(),
    "conformance.model": named("kinds", "sse"),
    "conformance.sse": named(),
    "conformance.secret": named(),
    "conformance.errors": named(),
    "conformance.fit": named(),
    "conformance.shapes": named("fit", "kinds", "model"),
    "conformance.messages": named("kinds", "model"),
    "conformance.chat": named("kinds", "model", "sse", "grammar"),
    "conformance.responses": named("model", "sse"),
    "conformance.embeddings": named("model"),
    "conformance.features": named("model"),
    "conformance.judge": named(
        *("catalogue", "features", "kinds", "model", "profile", "registry", "tally")
    ),
    "conformance.tally": named("model"),
    "conformance.received": named("model"),
    "conformance.lab_configs": named("directions", "registry"),
    "conformance.exits": named("flags", "judge", "model"),
    "conformance.flags": named(),
    "conformance.flaky": named("flags", "judge", "model"),
    "conformance.usage": named("model", "sse"),
    "conformance.ways": named("model"),
    "conformance.offline": named(
        *("imports", "judge", "kinds", "model", "profile", "registry", "tally")
    ),
    **dict.fromkeys(below("conformance.grammar"), named("kinds", "model", "sse", "grammar")),
    **dict.fromkeys(
        below("conformance.requirements"),
        named(*READING, "nonces", "profile", "redaction", "registry", "requirements"),
    ),
    **dict.fromkeys(
        below("conformance.scenarios"),
        named(
            *("directions", "kinds", "lab", "model", "nonces", "profile", "recorder", "registry"),
            "scenarios",
        )
        | {"conformance.control"},
    ),
    "conformance.clients.wire": named(*READING),
    # Real clients send for themselves: their scenarios start them.
    "conformance.scenarios.clients": named(
        *("clients", "errors", "kinds", "recorder", "registry", "roots")
    ),
    "conformance.requirements.clients": named(*READING, "registry", "requirements")
    | {"conformance.clients.catalogue"},
    **dict.fromkeys(
        ("conformance.requirements.client_work", "conformance.requirements.client_upstream"),
        named(*READING) | {"conformance.clients.assignments", "conformance.clients.wire"},
    ),
}


ALLOWED = {
    "conformance.errors": {"pathlib"},  # a path is a value there
    "conformance.scenarios": {"asyncio"},  # to ask for several things at once
    "conformance.scenarios.abuse_corpus": {"random"},  # from a seed, so that it repeats
}


@pytest.mark.parametrize("name", list(MAY_IMPORT))
def test_a_module_imports_only_what_its_layer_may(name: str) -> None:
    assert ours(name) <= MAY_IMPORT[name]


@pytest.mark.parametrize("name", list(MAY_IMPORT))
def test_a_pure_layer_imports_nothing_that_sends_or_tells_the_time(name: str) -> None:
    assert imported(name) & IMPURE <= ALLOWED.get(name.rpartition(".")[0], set()) | ALLOWED.get(
        name, set()
    )


def test_nothing_but_the_suite_imports_the_plugin() -> None:
    found = [name for name in TREES if "conformance.plugin" in ours(name)]

    assert found == ["conformance.suite.conftest"]


def test_nothing_imports_the_reference_gateway() -> None:
    roots = {name: {found.partition(".")[0] for found in imported(name)} for name in TREES}

    assert [name for name, found in roots.items() if "reference_gateway" in found] == []


@pytest.mark.parametrize("name", below("conformance.scenarios"))
def test_scenarios_take_only_the_gateway_from_the_recorder(name: str) -> None:
    taken = {
        alias.name
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.ImportFrom) and node.module == "conformance.recorder"
        for alias in node.names
    }

    assert taken <= {"Gateway", "PATHS"}


def test_only_few_modules_send() -> None:
    senders = {name.removeprefix("conformance.") for name in TREES if "httpx" in imported(name)}

    assert senders <= {
        "client",
        "clients.passthrough",
        "connection",
        "recorder",
        "outgoing",
        "failures",
        "control.api",
        "lab",
    }


def test_the_modules_are_found() -> None:
    assert {"conformance.judge", "conformance.requirements.errors", "conformance"} <= set(TREES)
