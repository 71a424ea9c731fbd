"""What the lab received from the gateway, in words that belong to neither protocol."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request to an upstream, and how its answer ended."""

    protocol: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    at: datetime
    ended: str

    @property
    def credential(self) -> str:
        """What the upstream is to know the gateway by."""
        if self.protocol == "anthropic":
            return self.headers["x-api-key"]
        return self.headers["authorization"].removeprefix("Bearer ")

    @property
    def budget(self) -> object:
        """How long the answer may be."""
        return self.body.get("max_completion_tokens") or self.body.get("max_tokens")

    @property
    def texts(self) -> list[str]:
        """The texts of the user, in order."""
        return [block["text"] for block in self._blocks("user") if block["type"] == "text"]

    @property
    def offered(self) -> list[tuple[str, Any]]:
        """The tools: their names and schemas."""
        if self.protocol == "anthropic":
            return [(tool["name"], tool["input_schema"]) for tool in self.body["tools"]]
        functions = [tool["function"] for tool in self.body["tools"]]
        return [(function["name"], function["parameters"]) for function in functions]

    @property
    def calls(self) -> list[tuple[str, str, Any]]:
        """The calls of the assistant: their ids, names and arguments."""
        if self.protocol == "anthropic":
            blocks = [block for block in self._blocks("assistant") if block["type"] == "tool_use"]
            return [(block["id"], block["name"], block["input"]) for block in blocks]
        calls = [call for turn in self._turns("assistant") for call in turn.get("tool_calls", ())]
        functions = [(call["id"], call["function"]) for call in calls]
        return [(id, said["name"], json.loads(said["arguments"])) for id, said in functions]

    @property
    def results(self) -> list[tuple[str, str]]:
        """The results of the tools: the ids of their calls, and what they say."""
        if self.protocol == "anthropic":
            blocks = [block for block in self._blocks("user") if block["type"] == "tool_result"]
            return [(block["tool_use_id"], _text(block["content"])) for block in blocks]
        return [(turn["tool_call_id"], _text(turn["content"])) for turn in self._turns("tool")]

    @property
    def thoughts(self) -> list[tuple[str, str]]:
        """What the assistant thought, each with its signature; a completion has none."""
        if self.protocol == "anthropic":
            blocks = [block for block in self._blocks("assistant") if block["type"] == "thinking"]
            return [(block["thinking"], block["signature"]) for block in blocks]
        turns = self._turns("assistant")
        return [(turn["reasoning_content"], "") for turn in turns if "reasoning_content" in turn]

    def _turns(self, role: str) -> list[Any]:
        return [turn for turn in self.body["messages"] if turn["role"] == role]

    def _blocks(self, role: str) -> Iterator[Any]:
        for turn in self._turns(role):
            yield from _blocks(turn.get("content"))


def asked(received: Mapping[str, Any]) -> Asked:
    """A request as the lab tells of it; its provider is named after its protocol."""
    return Asked(
        protocol=received["provider"],
        body=json.loads(base64.b64decode(received["body_base64"])),
        headers={name.lower(): value for name, value in received["headers"]},
        at=datetime.fromisoformat(received["started_at"]),
        ended=received["ended"],
    )


def _blocks(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())


def _text(content: Any) -> str:
    return "".join(block["text"] for block in _blocks(content))
