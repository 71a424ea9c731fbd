"""Plays the cases of a client script: from a file what they are given, to the output one object.

`plays` in the file says which cases are played, under which names, and what each is given
beside the rest; without it each case is played once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Case = Callable[[Any], Any]
Facts = Callable[[BaseException], dict[str, Any]]

_cases: dict[str, Case] = {}


def case(function: Case) -> Case:
    """Declare the function as the case of its name."""
    _cases[function.__name__] = function
    return function


def main(facts_of: Facts) -> None:
    """Play the cases; `facts_of` tells what the client says of an exception of its own."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    plays = given.pop("plays", None) or {name: {"case": name} for name in _cases}
    outcomes = {
        name: _outcome(_cases[play["case"]], {**given, **play}, facts_of)
        for name, play in plays.items()
    }
    json.dump(outcomes, sys.stdout)


def _outcome(played: Case, given: Any, facts_of: Facts) -> dict[str, Any]:
    try:
        return {"returned": played(given)}
    except Exception as error:  # The process tells everything that its client raises.
        types = [type.__name__ for type in type(error).__mro__]
        return {"raised": {"types": types, "message": str(error), **facts_of(error)}}
