"""What agents print, and the tool with which each runs a command.

A library prints the one line of its driver.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.clients.assignments import Call

Said = dict[str, Any]
"""`text`, `answers` and what else a client said, `error` where it named one."""


@dataclass(frozen=True)
class Agent:
    """An agent's own tool for commands, and how its output is read.

    One that `splits` quotes what stands between blanks once more: it gets the prompt word
    by word, and joins it to what was meant.
    """

    call: Call
    said: Callable[[str], Said]
    splits: bool = False


def of_driver(stdout: str) -> Said:
    """What the driver of a library printed; an error where it printed no outcome."""
    for line in _objects(stdout):
        if "task" in line and "error" in line:
            return line
    return {"error": "it printed no outcome"}


def _plain(stdout: str) -> Said:
    return {"text": stdout.strip()}


def _wrapped(stdout: str) -> Said:
    """An answer among other lines, broken where the screen ends."""
    return {"text": stdout, "is_wrapped": True}


def _claude_code(stdout: str) -> Said:
    found = next((line for line in _objects(stdout) if line.get("type") == "result"), None)
    if found is None:
        return {"error": "it printed no result"}
    text, answers = str(found.get("result", "")).strip(), []
    if found.get("num_turns") == 1:
        usage = found.get("usage", {})
        parts = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        sent = sum(usage.get(part, 0) for part in parts)
        told = {"stop": found.get("stop_reason"), "output": usage.get("output_tokens")}
        answers = [{**told, "input": sent}]
    return {"text": text, "answers": answers, "error": text if found.get("is_error") else ""}


def _cline(stdout: str) -> Said:
    found = next((line for line in _objects(stdout) if line.get("type") == "run_result"), None)
    if found is None:
        return {"error": "it printed no result"}
    reason = found.get("finishReason")
    error = "" if reason == "completed" else f"it finished with {reason}"
    return {"text": str(found.get("text", "")).strip(), "error": error}


def _openclaw(stdout: str) -> Said:
    try:
        found = json.loads(stdout)
    except ValueError:
        return {"error": "it printed no JSON"}
    error = "" if found.get("ok") else f"it ended with status {found.get('status')}"
    return {"text": str(found.get("final", "")).strip(), "error": error}


def _objects(stdout: str) -> Iterator[Said]:
    """The JSON objects among the lines of an output; the last line first."""
    # Not splitlines: a line separator inside of a text ends no line.
    for line in reversed(stdout.split("\n")):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _command(name: str, member: str = "command", **more: Any) -> Call:
    return lambda command: (name, {member: command, **more})


AGENTS: Mapping[str, Agent] = {
    "claude-code": Agent(_command("Bash", description="Run a command"), _claude_code),
    "pi": Agent(_command("bash"), _plain),
    "qwen": Agent(_command("run_shell_command", is_background=False), _plain),
    "cline": Agent(lambda command: ("run_commands", {"commands": [command]}), _cline),
    "opencode": Agent(_command("bash", description="Run a command"), _plain, splits=True),
    "codex": Agent(_command("exec_command", "cmd"), _plain),
    "openclaw": Agent(_command("exec"), _openclaw),
    "kilo": Agent(_command("bash", description="Run a command"), _plain, splits=True),
    "aider": Agent(_command("none"), _wrapped),
    "continue": Agent(_command("Bash"), _plain),
}
"""The agents, by the families that `settings` knows."""
