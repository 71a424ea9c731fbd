"""Pages of the model list, as the Anthropic protocol asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from reference_gateway.catalogue import Model
from reference_gateway.errors import InvalidRequest

_DEFAULT_LIMIT = 20
_MAX_LIMIT = 1_000


def cut_page(models: tuple[Model, ...], query: Mapping[str, str]) -> tuple[tuple[Model, ...], bool]:
    """The models that `limit`, `after_id` and `before_id` select, and whether there are more."""
    limit = _limit(query.get("limit", str(_DEFAULT_LIMIT)))
    if "before_id" in query:
        rest = models[: _position(models, query["before_id"], "before_id")]
        return rest[-limit:], len(rest) > limit
    start = _position(models, query["after_id"], "after_id") + 1 if "after_id" in query else 0
    rest = models[start:]
    return rest[:limit], len(rest) > limit


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MAX_LIMIT:
        return int(text[:9])
    raise InvalidRequest(f"limit: must be 1 to {_MAX_LIMIT}", param="limit")


def _position(models: tuple[Model, ...], name: str, param: str) -> int:
    names = [model.name for model in models]
    if name not in names:
        raise InvalidRequest(f"{param}: no such model in the list", param=param)
    return names.index(name)
