"""A question in many legal forms at once: header, query, credential and body of a POST."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.kinds import Protocol
from conformance.model import Exchange
from conformance.profile import CredentialStyle
from conformance.recorder import PATHS, Gateway
from conformance.scenarios.features import asked_in_one


@dataclass(frozen=True)
class Question:
    """A POST in all the parts that clients vary; `credentials` are the styles of the key."""

    protocol: Protocol
    body: Mapping[str, Any]
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, CredentialStyle] = field(default_factory=dict)
    is_escaped: bool = False

    async def post(self, gateway: Gateway) -> Exchange:
        """Ask it."""
        asked = {"model": gateway.models[str(self.protocol)], **self.body}
        return await gateway.post(
            self.protocol,
            PATHS[self.protocol] + self.query,
            json.dumps(asked, ensure_ascii=self.is_escaped).encode(),
            extra=self.headers,
            **self.credentials,
        )


Form = Callable[[Question], Question]


async def in_every_form(gateway: Gateway, question: Question, forms: Mapping[str, Form]) -> None:
    """Ask in all forms at once; where that is not answered, in one form after the other.

    Whatever the refusal: a credential or a header can be answered with any status.
    """
    await asked_in_one(
        gateway,
        question,
        forms,
        lambda asked: asked.post(gateway),
        is_settled=lambda exchange: 200 <= exchange.status < 300 or exchange.status == 429,
    )


def query(text: str) -> Form:
    """A query string on the path."""
    return lambda question: replace(question, query=text)


def headers(more: Mapping[str, str]) -> Form:
    """More request headers, or other values of those that are sent anyway."""
    return lambda question: replace(question, headers={**question.headers, **more})


def fields(more: Mapping[str, Any]) -> Form:
    """More fields of the body, or other values of them."""
    return lambda question: replace(question, body={**question.body, **more})
