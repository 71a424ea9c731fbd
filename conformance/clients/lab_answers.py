"""What the lab is told to answer a client with, and what has to come of it.

Every answer has a usage of its own, so that one that is estimated, swapped or added up
differently is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.clients.assignments import Assignment
from conformance.kinds import Protocol

_INPUT, _OUTPUT = 1_203, 41


def steps(assignment: Assignment, upstream: Protocol) -> list[Mapping[str, Any]]:
    """The steps that the lab plays for a task: the calls first, the answer in its last words."""
    return [
        {"answer": {**said, "usage": _usage(upstream, number)}}
        for number, said in enumerate(_said(assignment))
    ]


def marked(assignment: Assignment, mark: str) -> Assignment:
    """The assignment as it is given before a lab: the mark finds the steps, the answer is known."""
    return replace(
        assignment, prompt=f"{assignment.prompt} {mark}", whole=assignment.says, words=()
    )


def _said(assignment: Assignment) -> Iterator[Mapping[str, Any]]:
    if assignment.calls:
        yield {"calls": [_call(*call, number) for number, call in enumerate(assignment.calls)]}
    if assignment.says:
        thinks = {"thinking": assignment.thinks} if assignment.thinks else {}
        yield {**thinks, "text": assignment.says}


def _call(name: str, arguments: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    text = json.dumps(arguments, ensure_ascii=False, sort_keys=True)
    return {"id": f"call_{number}_lab", "name": name, "arguments": text}


def _usage(upstream: Protocol, number: int) -> Mapping[str, int]:
    sent, said = _INPUT + 100 * number, _OUTPUT + 10 * number
    if upstream is Protocol.ANTHROPIC:
        return {"input_tokens": sent, "output_tokens": said}
    return {"prompt_tokens": sent, "completion_tokens": said, "total_tokens": sent + said}
