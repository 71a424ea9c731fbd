"""Single features of a request as an upstream must get them: pictures, headers, names."""

from __future__ import annotations

from typing import Any

from conformance.kinds import Protocol
from conformance.recorder import Gateway
from conformance.scenarios import anthropic, openai, prompts
from conformance.scenarios.lab_directions import ANTHROPIC, OPENAI, directed, send
from conformance.scenarios.samples import PICTURE_URL, PNG

BETAS = "interleaved-thinking-2025-05-14,context-1m-2025-08-07"
SESSION = {"x-claude-code-session-id": "conformance-session", "x-app": "cli"}
_CALL = "call_camera05"
_CAMERA: dict[str, Any] = {
    "name": "take_picture",
    "description": "A picture of the yard.",
    "input_schema": {"type": "object", "properties": {}},
}
_INLINE = {"type": "base64", "media_type": "image/png", "data": PNG}


def _shown(client: Protocol, text: str, url: str = "") -> dict[str, Any]:
    """A question about a picture, which stands between two texts."""
    if client is ANTHROPIC:
        source = {"type": "url", "url": url} if url else _INLINE
        picture: dict[str, Any] = {"type": "image", "source": source}
    else:
        given = url or f"data:image/png;base64,{PNG}"
        picture = {"type": "image_url", "image_url": {"url": given}}
    before, after = ({"type": "text", "text": said} for said in ("Look at this:", text))
    return {"messages": [{"role": "user", "content": [before, picture, after]}]}


@directed("picture")
async def picture(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A picture whose bytes are in the request."""
    script = await gateway.lab.script()
    text = f"Which colour is it? {script.mark}"
    await send(gateway, client, upstream, _shown(client, text))
    await gateway.lab.collect(script)


@directed("picture-url")
async def picture_url(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A picture behind a URL."""
    script = await gateway.lab.script()
    text = f"Which colour is it? {script.mark}"
    await send(gateway, client, upstream, _shown(client, text, PICTURE_URL))
    await gateway.lab.collect(script)


@directed("picture-returned", clients=(ANTHROPIC,))
async def picture_returned(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A picture that a tool returned."""
    script = await gateway.lab.script()
    call = {"type": "tool_use", "id": _CALL, "name": _CAMERA["name"], "input": {}}
    taken = [{"type": "text", "text": "Taken."}, {"type": "image", "source": _INLINE}]
    result = {"type": "tool_result", "tool_use_id": _CALL, "content": taken}
    messages = [
        *prompts.user(f"Which colour has the yard? {script.mark}"),
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    await send(gateway, client, upstream, {"messages": messages, "tools": [_CAMERA]})
    await gateway.lab.collect(script)


@directed("headers", clients=(ANTHROPIC,), upstreams=(ANTHROPIC,))
async def headers(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Betas, a version, and what names the client and its session."""
    script = await gateway.lab.script()
    body = {"messages": prompts.user(f"{prompts.HELLO} {script.mark}")}
    extra = {"anthropic-beta": BETAS, **SESSION}
    await send(gateway, client, upstream, body, extra=extra)
    await gateway.lab.collect(script)


@directed("unknown-field", clients=(ANTHROPIC,), upstreams=(ANTHROPIC,))
async def unknown_field(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A field of the body that no gateway knows yet."""
    script = await gateway.lab.script()
    body = {"messages": prompts.user(f"{prompts.HELLO} {script.mark}")}
    hint = {"conformance_hint": {"level": 3, "kinds": ["a", None]}}
    await send(gateway, client, upstream, body | hint)
    await gateway.lab.collect(script)


@directed("count", clients=(ANTHROPIC,), upstreams=(ANTHROPIC,))
async def count(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """Tokens are counted for the lab's model."""
    script = await gateway.lab.script()
    messages = prompts.user(f"{prompts.HELLO} {script.mark}")
    body = {"model": gateway.models[f"lab_{upstream}"], "messages": messages}
    await gateway.post(client, "/messages/count_tokens", body)
    await gateway.lab.collect(script)


@directed("strict", upstreams=(OPENAI,))
async def strict(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A stream from an upstream that refuses its first request for `stream_options`."""
    said = "Unrecognized request argument supplied: stream_options"
    error = {"message": said, "type": "invalid_request_error", "param": None, "code": None}
    script = await gateway.lab.script({"status": 400, "body": {"error": error}})
    streamed = openai.STREAMED if client is OPENAI else anthropic.STREAMED
    body = {"messages": prompts.user(f"{prompts.HELLO} {script.mark}")}
    await send(gateway, client, upstream, body | streamed)
    await gateway.lab.collect(script)


@directed("swapped", providers="_fallback")
async def swapped(gateway: Gateway, client: Protocol, upstream: Protocol) -> None:
    """A question whose first provider fails, so that the second one gets it."""
    script = await gateway.lab.script(by_provider={f"{upstream}-first": [{"status": 500}] * 10})
    body = {"messages": prompts.user(f"{prompts.HELLO} {script.mark}")}
    model = gateway.models[f"lab_{upstream}_fallback"]
    await send(gateway, client, upstream, body | {"model": model})
    await gateway.lab.collect(script)
