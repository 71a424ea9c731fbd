"""The same question on both protocols, where nothing else asks it: a picture of one colour."""

from __future__ import annotations

import base64
from typing import Any

from conformance.kinds import Protocol
from conformance.recorder import Gateway
from conformance.registry import scenario
from conformance.scenarios import openai, prompts
from conformance.scenarios.anthropic_content import picture
from conformance.scenarios.openai_messages import red_png

WHICH = "Which colour is this picture? Answer with its plain English name."
PICTURE = base64.b64encode(red_png()).decode()


def _asked(picture_part: dict[str, Any]) -> dict[str, Any]:
    content = [picture_part, {"type": "text", "text": WHICH}]
    return {"messages": [{"role": "user", "content": content}]}


@scenario("anthropic-colour", protocol=Protocol.ANTHROPIC, cost=prompts.BUDGET)
async def anthropic_colour(gateway: Gateway) -> None:
    """A picture of one colour, whether or not pictures are claimed."""
    body = _asked(picture("image/png", PICTURE))
    await gateway.messages(body | {"max_tokens": prompts.BUDGET})


@scenario("openai-colour", protocol=Protocol.OPENAI, cost=prompts.BUDGET)
async def openai_colour(gateway: Gateway) -> None:
    """A picture of one colour in a chat, whether or not pictures are claimed."""
    url = {"url": f"data:image/png;base64,{PICTURE}"}
    await openai.ask(gateway, _asked({"type": "image_url", "image_url": url}))
