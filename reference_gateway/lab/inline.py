"""Steps in the words of a prompt, for use by hand: `[[lab {...}]]` and `[[lab [{...}, {...}]]]`."""

from __future__ import annotations

import json
from collections import OrderedDict

from reference_gateway.call import Call
from reference_gateway.errors import InvalidRequest
from reference_gateway.fields import Field
from reference_gateway.lab.lenient import read_prompt
from reference_gateway.lab.reading import read_step, read_steps
from reference_gateway.lab.steps import HEALTHY, Step
from reference_gateway.speech import question

MAX_TEXTS = 1_000
_BEGIN, _END = "[[lab ", "]]"


class Inline:
    """Plays what the newest user text says; of a list, one step at each request with that text."""

    def __init__(self) -> None:
        self._played: OrderedDict[str, int] = OrderedDict()

    def step(self, call: Call) -> Step:
        """The step that a request asks for itself; raises `InvalidRequest` for a wrong one."""
        text = _newest(call)
        directive = _directive(text)
        if directive is None:
            return HEALTHY
        if isinstance(directive.value, dict):
            return read_step(directive)
        steps, number = read_steps(directive), self._count(text)
        return steps[number] if number < len(steps) else HEALTHY

    def _count(self, text: str) -> int:
        """How often the text came before."""
        number = self._played.pop(text, 0)
        self._played[text] = number + 1
        if len(self._played) > MAX_TEXTS:
            self._played.popitem(last=False)
        return number


def _newest(call: Call) -> str:
    if _BEGIN.encode() not in call.body:
        return ""
    try:
        return question(read_prompt(call))
    except InvalidRequest:
        return ""  # No JSON; the healthy answer says so.


def _directive(text: str) -> Field | None:
    """The step or the steps in a text; raises `InvalidRequest` where it is no JSON."""
    _, begin, rest = text.partition(_BEGIN)
    if not begin:
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(rest)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{_BEGIN}...{_END}: not JSON: {error}") from error
    if not rest[end:].startswith(_END):
        raise InvalidRequest(f"{_BEGIN}...{_END}: {_END} must follow the JSON")
    return Field(value, "lab", brackets=True)
