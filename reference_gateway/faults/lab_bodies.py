"""Reading what goes to a provider, in either protocol, for the faults that change it."""

from __future__ import annotations

from collections.abc import Iterator

from reference_gateway.chat import Json


def contents(body: Json, *roles: str) -> Iterator[Json]:
    """Every part of the messages of these roles; a content that is a text becomes a part."""
    for message in body.get("messages", []):
        if message["role"] in roles:
            if isinstance(message["content"], str):
                message["content"] = [{"type": "text", "text": message["content"]}]
            yield from message["content"] or []
