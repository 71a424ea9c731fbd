"""Conversations about who is let in: the spelling of credentials, and what is judged first."""

from __future__ import annotations

import json
from typing import Any

from conformance.kinds import Kind, Protocol
from conformance.profile import CredentialStyle
from conformance.recorder import PATHS, Gateway
from conformance.registry import scenario
from conformance.scenarios import anthropic, openai, prompts

ANTHROPIC = Protocol.ANTHROPIC
OPENAI = Protocol.OPENAI

LOWER_CASE = CredentialStyle("authorization", "bearer {key}")
NOT_JSON = b'{"model": '

SPOILED: dict[str, bytes] = {
    "bytes that are not ASCII after it": b"authorization: Bearer {key}\xff\xfe",
    "10 kB after it": b"authorization: Bearer {key}" + b"x" * 10_000,
    "a bare LF in it": b"authorization: Bearer {key}x\nx-injected: 1",
    "a folded line and a letter more": b"authorization: Bearer\r\n {key}x",
}
"""Header lines that hold more than the key, by what is odd about them."""

PADDED: dict[str, bytes] = {"white space after it": b"authorization: Bearer {key} \t "}
"""What is the key all the same: white space after a value is no part of it (RFC 9110 5.5)."""


@scenario("anthropic-bearer-lower-case", protocol=ANTHROPIC, cost=prompts.SMALL_BUDGET)
async def anthropic_lower_case(gateway: Gateway) -> None:
    """A plain question whose credential has the scheme `bearer`, in small letters."""
    small = {"max_tokens": prompts.SMALL_BUDGET}
    await gateway.messages(anthropic.HELLO | small, style=LOWER_CASE)


@scenario("openai-bearer-lower-case", protocol=OPENAI, cost=prompts.SMALL_BUDGET)
async def openai_lower_case(gateway: Gateway) -> None:
    """A plain chat question whose credential has the scheme `bearer`, in small letters."""
    await openai.ask(gateway, openai.HELLO, prompts.SMALL_BUDGET, style=LOWER_CASE)


@scenario(
    "anthropic-wrong-key-bad-body",
    protocol=ANTHROPIC,
    yields=(Kind.ANTHROPIC_ERROR,),
    keys=("wrong",),
)
async def anthropic_wrong_key_bad_body(gateway: Gateway) -> None:
    """A body that is no JSON, with a key that was never issued."""
    await gateway.post(ANTHROPIC, PATHS[ANTHROPIC], NOT_JSON, key="wrong")


@scenario(
    "openai-wrong-key-bad-body", protocol=OPENAI, yields=(Kind.OPENAI_ERROR,), keys=("wrong",)
)
async def openai_wrong_key_bad_body(gateway: Gateway) -> None:
    """A body that is no JSON, with a key that was never issued, to chat."""
    await gateway.post(OPENAI, PATHS[OPENAI], NOT_JSON, key="wrong")


@scenario("models-without-key", protocol=OPENAI, exchanges=2, keys=("valid", "wrong"))
async def models_without_key(gateway: Gateway) -> None:
    """The model list without a credential, and with a key that was never issued."""
    await gateway.get(OPENAI, "/models", key="")
    await gateway.get(OPENAI, "/models", key="wrong")


@scenario("anthropic-models-without-key", protocol=ANTHROPIC, exchanges=2, keys=("valid", "wrong"))
async def anthropic_models_without_key(gateway: Gateway) -> None:
    """The same, asked as Anthropic's clients do."""
    await gateway.get(ANTHROPIC, "/models", key="")
    await gateway.get(ANTHROPIC, "/models", key="wrong")


@scenario("anthropic-spoiled-key", protocol=ANTHROPIC, exchanges=5, cost=5 * prompts.SMALL_BUDGET)
async def anthropic_spoiled_key(gateway: Gateway) -> None:
    """The valid key in header lines that no HTTP library writes, byte for byte."""
    body = anthropic.HELLO | {"model": gateway.models["anthropic"]}
    version = b"anthropic-version: 2023-06-01"
    await _spoiled(gateway, ANTHROPIC, body | {"max_tokens": prompts.SMALL_BUDGET}, version)


@scenario("openai-spoiled-key", protocol=OPENAI, exchanges=5, cost=5 * prompts.SMALL_BUDGET)
async def openai_spoiled_key(gateway: Gateway) -> None:
    """The valid key in header lines that no HTTP library writes, to chat."""
    body = openai.HELLO | {"model": gateway.models["openai"]}
    await _spoiled(gateway, OPENAI, body | {gateway.budget_name: prompts.SMALL_BUDGET})


async def _spoiled(
    gateway: Gateway, protocol: Protocol, body: dict[str, Any], *more: bytes
) -> None:
    content = json.dumps(body).encode()
    length = f"content-length: {len(content)}".encode()
    lines = (b"content-type: application/json", length, *more)
    gateway.facts["spoiled"] = [*SPOILED]
    gateway.facts["sent"] = [*SPOILED, *PADDED]
    for credential in (*SPOILED.values(), *PADDED.values()):
        await gateway.raw(protocol, PATHS[protocol], (*lines, credential), content)
