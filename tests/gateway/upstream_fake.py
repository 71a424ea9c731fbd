"""A provider in a thread that plays what a test hands it, and a gateway in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from gateway_live import Live, live

from reference_gateway.catalogue import Model
from reference_gateway.config import Config
from reference_gateway.upstream.providers import Provider

KEY = "operator-key-0123456789abcdef"
UPSTREAM_MODEL = "their-model"
NAME = "our-model"
INPUT_NANOUSD, OUTPUT_NANOUSD = 1_000, 5_000
Play = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Received:
    """A request as the provider got it; `left` is set when the gateway broke it off."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Fake:
    """A provider: what it will play, request by request, the last one again and again."""

    url: str
    plays: list[Play] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def will(self, *plays: Play) -> None:
        """Play these from now on, and forget what came before."""
        self.plays, self.received = list(plays), []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Play the next one."""
        fields = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        received = Received(request.path, request.query_string, fields, body)
        self.received.append(received)
        play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
        try:
            return await play(request)
        except (asyncio.CancelledError, ConnectionError):
            received.left.set()
            raise


@contextlib.contextmanager
def fake() -> Iterator[Fake]:
    """A provider on a port of its own."""
    started: asyncio.Queue[Fake] = asyncio.Queue()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        app, found = web.Application(), Fake("")
        app.router.add_route("*", "/{path:.*}", found.handle)
        runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        await started.put(found)
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(started.get(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def before(*providers: Provider, **more: Any) -> contextlib.AbstractContextManager[Live]:
    """A gateway that asks these providers, in this order, for one model."""
    names = tuple(provider.name for provider in providers)
    model = Model(NAME, 1, 5, NAME, providers=names, upstream_model=UPSTREAM_MODEL)
    return live(Config(pace_s=0.0, providers=providers, models=(model,), **more))


def provider(found: Fake, protocol: Any, name: str = "first", **more: Any) -> Provider:
    """The fake as a provider."""
    url = found.url + ("/v1" if protocol == "openai" else "")
    return Provider(name, protocol, url, KEY, **{"rest_s": 0.0, **more})


def plain(body: Any, status: int = 200, **headers: str) -> Play:
    """An answer at once; bytes and texts are sent as they are."""

    async def play(request: web.Request) -> web.StreamResponse:
        sent = body if isinstance(body, str | bytes) else json.dumps(body)
        kind = "text/html" if sent[:1] in ("<", b"<") else "application/json"
        fields = {"content-type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}
        content = sent.encode() if isinstance(sent, str) else sent
        return web.Response(status=status, headers=fields, body=content)

    return play


def stream(*blocks: bytes, then: str = "end", **headers: str) -> Play:
    """A stream, a write for each block; then it ends, breaks off or falls silent."""

    async def play(request: web.Request) -> web.StreamResponse:
        fields = {"content-type": "text/event-stream", **headers}
        response = web.StreamResponse(headers=fields)
        await response.prepare(request)
        for block in blocks:
            await response.write(block)
            await asyncio.sleep(0)
        if then == "break":
            assert request.transport is not None
            request.transport.close()
        elif then == "silence":
            await asyncio.Future()
        return response

    return play


async def silent(request: web.Request) -> web.StreamResponse:
    """No answer at all."""
    await asyncio.Future()
    raise AssertionError


async def dropped(request: web.Request) -> web.StreamResponse:
    """The connection is closed without a word."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def event(data: Any, name: str = "") -> bytes:
    """The bytes of one event."""
    said = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {said}\n\n".encode()


def openai_events(*texts: str, usage: Any = None, finish: str | None = "stop") -> list[bytes]:
    """The events of a chat completion."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
    head["model"] = UPSTREAM_MODEL

    def chunk(delta: Any, reason: Any = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return event({**head, "choices": [choice], **({"usage": None} if usage else {})})

    found = [chunk({"role": "assistant", "content": ""})]
    found += [chunk({"content": text}) for text in texts]
    found += [chunk({}, finish)] if finish else []
    found += [event({**head, "choices": [], "usage": usage})] if usage else []
    return [*found, event("[DONE]")] if finish else found


def anthropic_events(*texts: str, is_whole: bool = True) -> list[bytes]:
    """The events of a message; 7 input tokens, 3 of output."""

    def typed(kind: str, **data: Any) -> bytes:
        return event({"type": kind, **data}, kind)

    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": UPSTREAM_MODEL}
    started = {**message, "content": [], "usage": {"input_tokens": 7, "output_tokens": 1}}
    opened = typed("content_block_start", index=0, content_block={"type": "text", "text": ""})
    found = [typed("message_start", message=started), typed("ping"), opened]
    for text in texts:
        delta = {"type": "text_delta", "text": text}
        found.append(typed("content_block_delta", index=0, delta=delta))
    if not is_whole:
        return found
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        *found,
        typed("content_block_stop", index=0),
        typed("message_delta", delta=ended, usage={"output_tokens": 3}),
        typed("message_stop"),
    ]


def openai_answer(text: str = "Hello.", **more: Any) -> Any:
    """A chat completion that was not streamed."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": UPSTREAM_MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        **more,
    }


def anthropic_answer(text: str = "Hello.", **more: Any) -> Any:
    """A message that was not streamed."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": UPSTREAM_MODEL,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 3},
        **more,
    }


def healthy(protocol: str, is_stream: bool, text: str = "Hello.") -> Play:
    """A good answer in the provider's protocol."""
    if not is_stream:
        return plain(anthropic_answer(text) if protocol == "anthropic" else openai_answer(text))
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    made = anthropic_events(text) if protocol == "anthropic" else openai_events(text, usage=usage)
    return stream(*made)


def ask(gateway: Live, protocol: str, text: Any = "Say hello.", **more: Any) -> Any:
    """Ask the model in the client's protocol."""
    method = gateway.messages if protocol == "anthropic" else gateway.chat
    return method(text, model=NAME, **more)
