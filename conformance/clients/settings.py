"""How each client is pointed at a gateway: the one place that says so.

A driver runs a client with these settings, and `connect` prints them for people, so what
a user is told is what was run. Nothing is read from the environment here: the key and the
model are the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from conformance.clients import agents
from conformance.clients.place import PROMPT, Place, Settings, root_of
from conformance.errors import UsageError

__all__ = [
    "PROMPT",
    "Settings",
    "base_url_of",
    "family_of",
    "names",
    "notes_of",
    "protocols_of",
    "settings_of",
]


def settings_of(
    name: str, protocol: str, base_url: str, *, key: str, model: str, home: str
) -> Settings:
    """The settings of a client; raises UsageError where the name or the protocol is unknown.

    `base_url` may be written in any of the forms that vendors print.
    """
    place = Place(protocol, root_of(base_url), key, model, home.rstrip("/"))
    spoken = protocols_of(name)
    if protocol not in spoken:
        raise UsageError(f"{name} does not speak {protocol}; it speaks {' and '.join(spoken)}")
    return _CLIENTS[family_of(name)].of(place)


def base_url_of(name: str, protocol: str, base_url: str) -> str:
    """The base URL as this client wants it: with `/v1`, or without."""
    place = Place(protocol, root_of(base_url), "", "", "")
    return place.versioned if _CLIENTS[family_of(name)].appends_endpoint else place.usual


def names() -> list[str]:
    """The families of clients that are known, in the order of the guide."""
    return list(_CLIENTS)


def protocols_of(name: str) -> tuple[str, ...]:
    """The protocols that a client speaks; raises UsageError for an unknown one."""
    return _CLIENTS[family_of(name)].protocols


def notes_of(name: str) -> tuple[str, ...]:
    """What a user of a client has to know besides its settings."""
    return _CLIENTS[family_of(name)].notes


def family_of(name: str) -> str:
    """The client without its version: `claude-code` for `claude-code-2.0`."""
    family, _, version = name.rpartition("-")
    found = family if version[:1].isdigit() else name
    if found not in _CLIENTS:
        raise UsageError(f"unknown client {name!r}; known: {', '.join(names())}")
    return found


def _aider(place: Place) -> Settings:
    quiet = ("--no-analytics", "--no-check-update", "--no-show-release-notes")
    alone = ("--yes-always", "--no-git", "--no-show-model-warnings", *quiet)
    argv = ("aider", "--model", f"{place.protocol}/{place.model}", "--message", PROMPT, *alone)
    return replace(_litellm(place), argv=argv)


def _litellm(place: Place) -> Settings:
    name, quiet = place.protocol.upper(), {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    env = {f"{name}_API_KEY": place.key, f"{name}_API_BASE": place.usual}
    return Settings({**env, **quiet}, unattended=frozenset(quiet))


def _library(place: Place) -> Settings:
    name = place.protocol.upper()
    return Settings({f"{name}_API_KEY": place.key, f"{name}_BASE_URL": place.usual})


def _ai_sdk(place: Place) -> Settings:
    name = place.protocol.upper()
    return Settings({f"{name}_API_KEY": place.key, f"{name}_BASE_URL": place.versioned})


@dataclass(frozen=True)
class _Client:
    """How a family of clients is set up.

    `appends_endpoint` says that it appends `/messages` to its base, not `/v1/messages`;
    `notes` are what a user has to know besides.
    """

    of: Callable[[Place], Settings]
    protocols: tuple[str, ...] = ("anthropic", "openai")
    appends_endpoint: bool = False
    notes: tuple[str, ...] = ()


_ANTHROPIC, _OPENAI = ("anthropic",), ("openai",)
_USAGE = "With a base URL of its own it asks for no usage in a stream: pass `stream_usage=True`."
_COMPATIBLE = (
    "It reads no variables by itself: pass `baseURL: process.env.OPENAI_BASE_URL` and"
    " `apiKey: process.env.OPENAI_API_KEY` to `createOpenAICompatible`."
)
_RESPONSES = (
    "`openai('MODEL')` asks `/v1/responses`; for chat completions write `openai.chat('MODEL')`."
)
_CODEX = "It speaks the Responses API alone: the gateway has to serve `/v1/responses`."
_CLINE = (
    "The file is that of the command line. In the editor choose the same provider and type the"
    " same base URL, key and model into its form."
)
_CLIENTS: Mapping[str, _Client] = MappingProxyType(
    {
        "claude-code": _Client(agents.claude_code, _ANTHROPIC),
        "openclaw": _Client(agents.openclaw),
        "cline": _Client(agents.cline, appends_endpoint=True, notes=(_CLINE,)),
        "roo": _Client(agents.roo),
        "codex": _Client(agents.codex, _OPENAI, notes=(_CODEX,)),
        "opencode": _Client(agents.opencode, appends_endpoint=True),
        "kilo": _Client(agents.kilo, appends_endpoint=True),
        "qwen": _Client(agents.qwen),
        "pi": _Client(agents.pi),
        "continue": _Client(agents.continue_cli, appends_endpoint=True),
        "aider": _Client(_aider),
        "anthropic-python": _Client(_library, _ANTHROPIC),
        "anthropic-node": _Client(_library, _ANTHROPIC),
        "openai-python": _Client(_library, _OPENAI),
        "openai-node": _Client(_library, _OPENAI),
        "langchain-python": _Client(_library, notes=(_USAGE,)),
        "langchain-node": _Client(_library),
        "ai-sdk": _Client(_ai_sdk, appends_endpoint=True, notes=(_RESPONSES,)),
        "ai-sdk-compatible": _Client(_library, _OPENAI, notes=(_COMPATIBLE,)),
        "litellm": _Client(_litellm),
    }
)
