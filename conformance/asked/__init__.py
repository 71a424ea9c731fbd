"""What a request asks for, in either protocol: facts that can be compared across them."""

from __future__ import annotations

from conformance.asked.anthropic import asked_of_anthropic
from conformance.asked.facts import Asked
from conformance.asked.openai import asked_of_openai
from conformance.kinds import Protocol
from conformance.model import Exchange

__all__ = ["Asked", "asked_of"]


def asked_of(exchange: Exchange) -> Asked:
    """The facts of an exchange's request; what is not of its protocol's form is left out."""
    if "asked" not in exchange.worked_out:
        is_messages = exchange.protocol is Protocol.ANTHROPIC
        read = asked_of_anthropic if is_messages else asked_of_openai
        exchange.worked_out["asked"] = read(exchange.request.json)
    found: Asked = exchange.worked_out["asked"]
    return found
