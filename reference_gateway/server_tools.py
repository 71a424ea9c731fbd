"""Tools that are not functions of the client: the scripted model can use none of them.

Agents offer them unasked beside their own, so there they are taken and never chosen. Where
the answer would depend on one, since nothing else is offered or the choice forces it, the
request is refused and names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from reference_gateway.fields import Field


def functions(
    tools: Field, is_function: Callable[[Field], bool], idle: re.Pattern[str], forced: object = None
) -> list[Field]:
    """The tools that the model may call; raises `InvalidRequest` for one that it would need.

    `idle` are the types that may stand beside functions, `forced` is the name that has to be
    called, if any.
    """
    if tools.is_absent:
        return []
    offered = [(tool, is_function(tool)) for tool in tools.items()]
    found = [tool for tool, is_ours in offered if is_ours]
    for tool in (tool for tool, is_ours in offered if not is_ours):
        kind = tool.get("type")
        is_forced = forced is not None and tool.get("name").value == forced
        if not found or is_forced or not idle.fullmatch(kind.text()):
            raise kind.refuse(f"{kind.value!r} tools cannot be run here", "invalid_value")
    return found
