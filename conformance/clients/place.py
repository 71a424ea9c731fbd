"""Where a client is to send, and what it needs for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

PROMPT = "{prompt}"
"""Stands in `argv` where the prompt goes."""


@dataclass(frozen=True)
class Settings:
    """What a client needs to use a gateway.

    `files` are texts by their path below HOME. `argv` is the unattended run of an agent; it
    is empty for a library. `fields` are what is typed into a form, by the label of the field,
    where a client has no file. `unattended` names those variables and files that only such a
    run wants: no telemetry, no retries that hide a fault.
    """

    env: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    argv: tuple[str, ...] = ()
    unattended: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)

    def command(self, prompt: str) -> tuple[str, ...]:
        """The unattended run with its prompt."""
        return tuple(prompt if word == PROMPT else word for word in self.argv)

    def of_a_person(self) -> Settings:
        """The settings without what only an unattended run wants."""
        env = {name: value for name, value in self.env.items() if name not in self.unattended}
        files = {path: text for path, text in self.files.items() if path not in self.unattended}
        return replace(self, env=env, files=files, argv=(), unattended=frozenset())


@dataclass(frozen=True)
class Place:
    """Where a client is to send, as whom, for which model; `root` is without `/v1`."""

    protocol: str
    root: str
    key: str
    model: str
    home: str

    @property
    def is_anthropic(self) -> bool:
        """Whether the Messages protocol is to be spoken."""
        return self.protocol == "anthropic"

    @property
    def versioned(self) -> str:
        """The base URL of a client that appends the endpoint alone."""
        return f"{self.root}/v1"

    @property
    def usual(self) -> str:
        """The base URL by the rule of the official SDKs of the protocol."""
        return self.root if self.is_anthropic else self.versioned


def root_of(base_url: str) -> str:
    """What stands before `/v1`, whichever form of a base URL was given."""
    url = base_url.strip().rstrip("/")
    for endpoint in ("/messages", "/chat/completions", "/responses"):
        url = url.removesuffix(endpoint)
    return url.removesuffix("/v1").rstrip("/")
