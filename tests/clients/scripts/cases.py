"""Plays the cases of a client script: JSON on standard input, one JSON object as output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

Case = Callable[[Any], Any]
Facts = Callable[[BaseException], dict[str, Any]]

_cases: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Declare the function as the case of its name."""
    _cases[function.__name__] = function
    return function


def main(facts_of: Facts) -> None:
    """Play all cases; `facts_of` tells what the client says of an exception of its own."""
    given = json.load(sys.stdin)
    json.dump(
        {name: _outcome(played, given, facts_of) for name, played in _cases.items()}, sys.stdout
    )


def _outcome(played: Case, given: Any, facts_of: Facts) -> dict[str, Any]:
    try:
        return {"returned": played(given)}
    except Exception as error:  # The process tells everything that its client raises.
        types = [type.__name__ for type in type(error).__mro__]
        return {"raised": {"types": types, "message": str(error), **facts_of(error)}}
