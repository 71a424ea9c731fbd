"""Same protocol on both sides: requests and answers go through as they came.

Only the name of the model is another one on each side: the provider's and the client's.
What the answer calls the model is left alone where it is the client's name or begins with
it, as a dated name does; else it becomes the client's name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlencode

from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json
from reference_gateway.errors import UpstreamBroken, UpstreamFailed
from reference_gateway.job import Job
from reference_gateway.pieces import Meter
from reference_gateway.upstream.beside import Beside
from reference_gateway.upstream.events import Block
from reference_gateway.upstream.native import NativeProtocol, count_of, document_of, object_of
from reference_gateway.upstream.native_usage import NativeUsage
from reference_gateway.upstream.opening import opened
from reference_gateway.upstream.providers import Provider
from reference_gateway.upstream.refused import is_error, refused
from reference_gateway.upstream.splice import added, replaced, without
from reference_gateway.wire import WireFormat

DONE = "[DONE]"
_PASSED = ("anthropic", "count_tokens", "openai")
# Where an answer says which model it is of.
_MODEL_PLACES = {"openai": (("model",),), "anthropic": (("message", "model"), ("model",))}
_END = f"data: {DONE}\n\n".encode()
_LINGER_S = 1.5
"""How long the usage and the end may take, once the answer is complete."""


def passes(wire: WireFormat, provider: Provider) -> bool:
    """True where the provider understands the client's own words."""
    return wire.name in _PASSED and wire.protocol == provider.protocol


def url(call: Call, provider: Provider) -> str:
    """Where the request goes, with the client's own query but for its key."""
    kept = [(name, value) for name, value in call.query.items() if value != call.credential]
    query = urlencode(kept, errors="surrogateescape")
    return provider.url(call.wire.name) + (f"?{query}" if query else "")


def bodies(job: Job) -> tuple[bytes, ...]:
    """The body as it came, for the provider's model; the second for one that refuses the first.

    An OpenAI stream tells its usage only where it is asked to, and without it nobody
    knows what to charge.
    """
    plain = replaced(job.call.body.decode(), ("model",), job.model.name_upstream)
    if job.call.wire.name != "openai" or not job.prompt.stream or job.prompt.include_usage:
        return (plain.encode(),)
    given = job.call.asked.get("stream_options")
    if given is not None and not isinstance(given, dict):
        return (plain.encode(),)
    options = {**object_of(given), "include_usage": True}
    if "stream_options" in job.call.asked:
        counted = replaced(plain, ("stream_options",), options)
    else:
        counted = added(plain, "stream_options", options)
    return counted.encode(), plain.encode()


def whole(job: Job, body: bytes, meter: Meter) -> bytes:
    """A whole answer, metered; raises an `UpstreamFailed` where it is none."""
    protocol: NativeProtocol = job.call.wire.protocol
    text, document = _document(body)
    if not isinstance(document.get("choices" if protocol == "openai" else "content"), list):
        raise UpstreamBroken("The model's answer has no content.")
    counted, said = NativeUsage(protocol), Beside(protocol, job.input_tokens)
    counted.add(document.get("usage"))
    said.read_whole(document)
    meter.state(counted.usage(said.usage))
    return _renamed(text, document, job.model, protocol).encode()


def count(body: bytes) -> bytes:
    """The answer to a count of tokens; raises an `UpstreamFailed` where it is none."""
    _, document = _document(body)
    if not count_of(document.get("input_tokens")):
        raise UpstreamBroken("The model's provider did not count.")
    return body


def _document(body: bytes) -> tuple[str, Json]:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise UpstreamBroken("The model's answer is not UTF-8.") from error
    document = document_of(text)
    if is_error(document):
        raise refused(document)
    return text, document


class Passing:
    """One stream on its way through."""

    def __init__(self, job: Job, meter: Meter) -> None:
        self._job = job
        self._meter = meter
        self._protocol: NativeProtocol = job.call.wire.protocol
        self._beside = Beside(self._protocol, job.input_tokens, job.prompt.choices)
        self._hides_usage = self._protocol == "openai" and not job.prompt.include_usage

    def passed(self, blocks: AsyncIterator[Block]) -> AsyncIterator[bytes]:
        """The bytes of each event as soon as it is there.

        A stream that ends before its answer is complete raises an `UpstreamFailed`; one of
        OpenAI's that leaves out nothing but `[DONE]` is given it.
        """
        return opened(self._chunks(blocks), lambda _: self._beside.has_content)

    async def _chunks(self, blocks: AsyncIterator[Block]) -> AsyncIterator[bytes]:
        held = b""
        async for block in self._until_over(blocks):
            held += self._changed(block)
            # What fails before its first event may be said by another provider.
            if self._meter.has_begun and held:
                yield held
                held = b""
        if not self._beside.is_complete:
            raise UpstreamBroken()
        if not self._beside.is_over:
            yield _END

    async def _until_over(self, blocks: AsyncIterator[Block]) -> AsyncIterator[Block]:
        """The blocks up to the end; an answer that is finished cannot fail any more."""
        while not self._beside.is_over:
            try:
                async with asyncio.timeout(_LINGER_S if self._beside.is_finished else None):
                    block = await anext(blocks)
            except StopAsyncIteration:
                return
            except (TimeoutError, UpstreamFailed):
                if not self._beside.is_finished:
                    raise
                return
            yield block

    def _changed(self, block: Block) -> bytes:
        """The block for the client; empty where it was not meant for it."""
        event = block.event
        if event is None or event.name == "ping" or not event.data.strip():
            return block.raw
        if event.data.strip() == DONE:
            self._beside.is_over = True
            return block.raw
        data = document_of(event.data)
        if is_error(data) or event.name == "error":
            raise refused(data)
        self._beside.read(data)
        self._meter.state(self._beside.usage)
        text = self._shown(event.data, data)
        if not text:
            return b""
        raw = block.raw if text == event.data else _with_data(block, text)
        return raw if event.name or self._protocol == "openai" else _named(raw, data)

    def _shown(self, text: str, data: Json) -> str:
        if self._hides_usage and "usage" in data:
            if data.get("choices") == [] and data["usage"]:
                return ""
            text = without(text, "usage")
        return _renamed(text, data, self._job.model, self._protocol)


def _renamed(text: str, document: Json, model: Model, protocol: NativeProtocol) -> str:
    for place in _MODEL_PLACES[protocol]:
        holder = document if len(place) == 1 else object_of(document.get(place[0]))
        said = holder.get("model")
        if isinstance(said, str) and not said.startswith(model.name):
            text = replaced(text, place, model.name)
    return text


def _with_data(block: Block, text: str) -> bytes:
    """The block with other data; its other lines stay as they came."""
    assert block.event is not None
    old = block.event.data.encode()
    if old in block.raw:
        return block.raw.replace(old, text.encode(), 1)
    # Data over several lines: each of them goes, and one stands for all.
    lines = [line for line in block.raw.splitlines(keepends=True) if not line.startswith(b"data")]
    return b"data: " + text.replace("\n", " ").encode() + b"\n" + b"".join(lines)


def _named(raw: bytes, data: Json) -> bytes:
    """The event with the name that clients dispatch it by, where the provider left it out."""
    kind = data.get("type")
    return f"event: {kind}\n".encode() + raw if isinstance(kind, str) else raw
