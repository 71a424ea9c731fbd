"""The command line options of a run, shared with plugins that are there already."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from conformance import editions, gate_options
from conformance.errors import UsageError
from conformance.gate import Gate, opened
from conformance.kinds import Protocol
from conformance.manner import Manner
from conformance.model import Level
from conformance.profile import ANTHROPIC_VERSIONS
from conformance.registry import OPT_INS
from conformance.run import SEED
from conformance.target import Wish


def add(parser: pytest.Parser) -> None:
    """Declare every option but `--base-url`."""
    group = parser.getgroup("conformance", "LLM gateway conformance")
    _add_target(group)
    _add_lab(group)
    _add_reference(group)
    _add_recordings(group)
    _add_manner(group)
    gate_options.add(group)


def add_base_url(parser: pytest.Parser) -> None:
    """Declare `--base-url` where nobody has it; to be called when every plugin is loaded.

    pytest-base-url has it, and pytest-playwright where that one is missing or blocked;
    two plugins cannot declare one option, and either may be loaded after us.
    """
    if not hasattr(parser.parse_known_args([]), "base_url"):
        parser.getgroup("conformance").addoption(
            "--base-url",
            metavar="URL",
            default=os.environ.get("PYTEST_BASE_URL"),
            help="the gateway to judge; without it the embedded one is started",
        )


def _add_target(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--profile",
        metavar="NAME|FILE",
        default="",
        help="what differs at this gateway; default: by the host of the base URL",
    )
    group.addoption(
        "--protocol",
        action="append",
        default=[],
        choices=[str(p) for p in Protocol],
        help="judge this protocol only (repeatable)",
    )
    group.addoption(
        "--api-key-file",
        metavar="FILE",
        default="",
        help="a file that holds the key and nothing else",
    )
    group.addoption("--api-key", "--key", type=_refused, metavar="", help=argparse.SUPPRESS)
    group.addoption("--model", default="", help="the model to ask, on both protocols")
    group.addoption(
        "--model-openai",
        default="",
        metavar="MODEL",
        help="the model to ask on the OpenAI-compatible protocol",
    )
    group.addoption(
        "--model-anthropic",
        default="",
        metavar="MODEL",
        help="the model to ask on the Anthropic protocol",
    )
    group.addoption(
        "--anthropic-version",
        choices=ANTHROPIC_VERSIONS,
        default="",
        help="the API version to speak on the Anthropic protocol (default: the profile's)",
    )


def _add_lab(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--lab",
        metavar="URL",
        default="",
        help="the scripted upstream behind the gateway (`gateway-conformance lab` starts it);"
        " its token is read from GATEWAY_LAB_TOKEN",
    )


def _add_recordings(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--recordings",
        action="append",
        default=[],
        metavar="FILE",
        help="judge recorded traffic and send nothing: our recordings, HAR, cassettes,"
        " curl output, exchange lines (repeatable)",
    )
    group.addoption(
        "--kind",
        choices=["gateway", "vendor"],
        default="",
        help="with --recordings: who answered (default: the profile's kind)",
    )


def _add_reference(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--reference-url",
        metavar="URL",
        default="",
        help="the provider behind the gateway: judged beside it, to tell whose fault it is",
    )
    group.addoption(
        "--reference-model", metavar="MODEL", default="", help="the model to ask of the provider"
    )
    group.addoption(
        "--reference-profile",
        metavar="NAME|FILE",
        default="",
        help="what differs at the provider; default: by the host of its URL",
    )


def _add_manner(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--report-dir",
        metavar="DIR",
        default="",
        help="the run folder; default: reports/runs/<UTC time>-<host>",
    )
    group.addoption(
        "--concurrency",
        type=_positive,
        default=8,
        metavar="N",
        help="scenarios in flight at once (default 8)",
    )
    group.addoption(
        "--timeout-s",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="the longest silence of the gateway (default 60)",
    )
    group.addoption(
        "--fail-on",
        choices=["must", "should"],
        default="must",
        help="the weakest level that fails the run (default must)",
    )
    group.addoption(
        "--require-complete",
        action="store_true",
        help="exit 7 where a key, model role or adapter was missing",
    )
    group.addoption(
        "--setup-help",
        action="store_true",
        help="say what the target still needs to be judged in full, and send nothing",
    )
    group.addoption(
        "--discover",
        action="store_true",
        help="ask for every capability, and print those that hold as lines for a profile",
    )
    group.addoption(
        "--include",
        type=_areas,
        default=frozenset(),
        metavar="AREA[,AREA]",
        help=f"also send what is not sent unasked: {', '.join(OPT_INS)}",
    )
    group.addoption(
        "--seed",
        type=int,
        default=SEED,
        metavar="N",
        help=f"what the random requests of --include abuse grow from (default {SEED})",
    )
    group.addoption(
        "--fault",
        action="append",
        default=[],
        metavar="SLUG",
        help="a fault of the embedded gateway, to see it caught (repeatable)",
    )


def wish(config: pytest.Config) -> Wish:
    """What the options say about the target."""
    option = config.option
    return Wish(
        base_url=getattr(option, "base_url", None) or "",
        profile=option.profile,
        key_file=option.api_key_file,
        model=option.model,
        model_openai=option.model_openai,
        model_anthropic=option.model_anthropic,
        protocols=tuple(option.protocol),
        anthropic_version=option.anthropic_version,
        lab=option.lab,
        reference_url=option.reference_url,
        reference_profile=option.reference_profile,
        reference_model=option.reference_model,
    )


def manner(config: pytest.Config) -> Manner:
    """What the options say about how the run is made."""
    option, below = config.option, Path(config.invocation_params.dir)
    return Manner(
        smoke=_is_smoke(option.markexpr),
        concurrency=option.concurrency,
        timeout_s=option.timeout_s,
        fail_on=Level(option.fail_on),
        require_complete=option.require_complete,
        fail_on_flaky=option.fail_flaky,
        faults=tuple(option.fault),
        included=option.include,
        seed=option.seed,
        quiet=config.get_verbosity() < 0,
        max_cost_usd=option.max_cost,
        max_requests=option.max_requests,
        per_minute=option.rate_limit,
        dry_run=option.dry_run,
        resume=below / option.resume if option.resume else None,
        baseline=below / option.baseline if option.baseline else None,
        update_baseline=option.update_baseline,
        edition=option.edition,
    )


def gate(config: pytest.Config) -> Gate:
    """What verdicts are held against; raises UsageError."""
    said = manner(config)
    edition = editions.load(said.edition) if said.edition else None
    today = datetime.now(UTC).date()
    return opened(said.baseline, edition, said.fail_on, said.update_baseline, today)


def recordings(config: pytest.Config) -> tuple[Path, ...]:
    """The files to judge instead of a gateway; raises UsageError beside --base-url."""
    below = Path(config.invocation_params.dir)
    paths = tuple(below / name for name in config.option.recordings)
    if paths and any(str(a).startswith("--base-url") for a in config.invocation_params.args):
        raise UsageError("found --recordings and --base-url, expected one: files, or a gateway")
    if paths and (config.option.resume or config.option.dry_run):
        raise UsageError("--resume and --dry-run are for a gateway, not for --recordings")
    if config.option.kind and not paths:
        raise UsageError("--kind goes with --recordings; a gateway's kind is in its profile")
    return paths


def report_folder(config: pytest.Config) -> Path | None:
    """The run folder that the user named, if any: an empty one, or one to resume."""
    named, resumed = config.option.report_dir, config.option.resume
    if named and resumed:
        raise UsageError(
            "found --resume and --report-dir, expected one: a run goes on in its folder"
        )
    named = named or resumed
    return Path(config.invocation_params.dir) / named if named else None


def _is_smoke(expression: str) -> bool:
    """Whether `-m` asks for the smoke selection, which keeps to the smoke scenarios."""
    words = expression.replace("(", " ").replace(")", " ").split()
    return "smoke" in words and "not" not in words and "or" not in words


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("expected at least 1")
    return number


def _areas(text: str) -> frozenset[str]:
    named = {word.strip() for word in text.split(",") if word.strip()}
    unknown = sorted(named - set(OPT_INS))
    if unknown or not named:
        found = ", ".join(unknown) or "nothing"
        raise argparse.ArgumentTypeError(f"found {found}, expected some of {', '.join(OPT_INS)}")
    return frozenset(named)


def _refused(_: str) -> NoReturn:
    raise argparse.ArgumentTypeError(
        "a key on the command line shows in process lists, shell histories and CI logs;"
        " set GATEWAY_API_KEY or use --api-key-file"
    )


def environment() -> Mapping[str, str]:
    """The environment as the target reads it."""
    return os.environ
