"""`lab`: the scripted upstream to put behind a gateway, and what to tell that gateway."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping

from conformance import child
from conformance.commands import Commands
from conformance.lab_configs import CONFIGS, UPSTREAM_KEY, Upstream

_FILES = {"litellm": "lab.yaml", "portkey": "lab.toml", "reference": "lab.toml"}
_STARTS: Mapping[str, tuple[str, ...]] = {
    "litellm": (
        "# sk-...: a key of your choice; it is the one for the run below",
        "export GATEWAY_API_KEY=sk-...",
        "pip install 'litellm[proxy]' 'prisma>=0.11,<1'",
        "litellm --config lab.yaml --host 127.0.0.1 --port 4000",
    ),
    "portkey": (
        "# with a newer @hono/node-server every stream is a 500",
        "npm init -y && npm pkg set 'overrides.@hono/node-server=1.13.8'",
        "npm install @portkey-ai/gateway@1.15.2",
        "# it listens on every interface, and asks whatever host a request names",
        "TRUSTED_CUSTOM_HOSTS=127.0.0.1,localhost"
        " node node_modules/@portkey-ai/gateway/build/start-server.js --port=8787 --headless",
    ),
    "reference": ("reference-gateway --config lab.toml --port 8080",),
}
_RUNS = {
    "litellm": "--base-url=http://127.0.0.1:4000 --profile=litellm"
    " --model-anthropic=lab-anthropic --model-openai=lab-openai",
    "portkey": "--base-url=http://127.0.0.1:8787 --profile=lab.toml",
    "reference": "--base-url=http://127.0.0.1:8080 --profile=reference",
}
_CHECKS = "-k 'GW-UP or GW-SSE'"
"""What a lab alone shows: it accepts what a provider refuses, so the rest would not be fair."""


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare `lab`."""
    parser = commands.add_parser(
        "lab",
        help="start the scripted upstream for `run --lab`, and say how a gateway gets it",
        description="Starts the suite's own upstream, says what to put into the configuration of"
        " a gateway in front of it, and runs until it is interrupted.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the loopback address to listen on")
    parser.add_argument("--port", default="0", help="the port; the system chooses one without")
    parser.add_argument(
        "--config",
        choices=sorted(CONFIGS),
        default="",
        help="print this gateway's file alone to stdout, and all else to stderr",
    )
    parser.set_defaults(command=serve)


def serve(arguments: argparse.Namespace) -> int:
    """Run the lab until it is interrupted; 1 where it ended by itself."""
    where = ("--host", arguments.host, "--port", arguments.port)
    try:
        with child.started("the lab", "reference_gateway.lab", *where) as lab:
            _print(lab.said, arguments.config)
            lab.process.wait()
    except KeyboardInterrupt:
        return 0
    print("gateway-conformance: the lab ended", file=sys.stderr)
    return 1


def _print(said: Mapping[str, str], config: str) -> None:
    upstream = Upstream(said["url"], said["refused_url"])
    if config:
        print(CONFIGS[config](upstream), end="", flush=True)
    words = "\n".join([*_head(said, config), *_examples(upstream, config), *_tail(said, config)])
    print(words, file=sys.stderr if config else sys.stdout, flush=True)


def _head(said: Mapping[str, str], config: str) -> Iterator[str]:
    yield f"The lab listens on {said['url']}; Ctrl-C ends it."
    if config != "portkey":
        yield "In the gateway's environment:"
        yield f"  export {UPSTREAM_KEY}={said['key']}"


def _examples(upstream: Upstream, config: str) -> Iterator[str]:
    for name in [config] if config else sorted(CONFIGS):
        yield ""
        if not config:
            yield f"--- {name}: {_FILES[name]} (also printed alone by --config {name})"
            yield CONFIGS[name](upstream)
        yield f"{name} is started with:"
        yield from (f"  {line}" for line in _STARTS[name])


def _tail(said: Mapping[str, str], config: str) -> Iterator[str]:
    yield ""
    yield "Then, with the key that the gateway gives its clients:"
    yield f"  export GATEWAY_LAB_TOKEN={said['token']}"
    if config == "portkey" or not config:
        yield f"  export {UPSTREAM_KEY}={said['key']}  # Portkey's profile reads it"
        yield "  # Portkey gives its clients no key: any value will do"
    for name in [config] if config else sorted(CONFIGS):
        how = f"{_RUNS[name]} --lab={said['url']} {_CHECKS}"
        yield f"  GATEWAY_API_KEY=... gateway-conformance run {how}"
