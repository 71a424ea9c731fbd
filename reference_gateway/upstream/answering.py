"""Who answers a job: the model that is built in, or providers, asked in their order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import TracebackType

from reference_gateway.catalogue import Model
from reference_gateway.chat import Prompt
from reference_gateway.errors import UpstreamBroken
from reference_gateway.job import Job
from reference_gateway.pieces import Meter, Piece, Start, gather
from reference_gateway.prompt_cache import PromptCache
from reference_gateway.scripted import ScriptedModel
from reference_gateway.seams import Headers, Seams
from reference_gateway.upstream import headers, passthrough
from reference_gateway.upstream.asking import Asking, Request
from reference_gateway.upstream.client import Client
from reference_gateway.upstream.events import blocks, events_of
from reference_gateway.upstream.fallback import Rests, attempted
from reference_gateway.upstream.native import NativeProtocol, document_of
from reference_gateway.upstream.opening import opened
from reference_gateway.upstream.passthrough import Passing, passes
from reference_gateway.upstream.providers import Provider
from reference_gateway.upstream.reading import pieces_of, pieces_of_stream
from reference_gateway.upstream.translation import request_body
from reference_gateway.wire import Frame, WireFormat, dump


class Answerers:
    """Everybody who can be asked; `request_s` is how long all of them may take for one job."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        scripted: ScriptedModel,
        seams: Seams,
        request_s: float,
    ) -> None:
        self.providers = providers
        self.scripted = scripted
        self.seams = seams
        self.cache = PromptCache()
        self.client = Client()
        self.rests = Rests()
        self._request_s = request_s

    def passes(self, wire: WireFormat, model: Model) -> bool:
        """True where whoever is asked first understands the client's own words."""
        return passes(wire, self.providers[model.providers[0]])

    def begin(self, job: Job, meter: Meter) -> Answering:
        """An answer to the job, which nobody has been asked for yet."""
        ends_at = asyncio.get_running_loop().time() + self._request_s
        return Answering(self, job, meter, Asking(job.call, self.seams, self.client, ends_at))

    async def close(self) -> None:
        """Give up every connection."""
        await self.client.close()


class Answering:
    """One answer, streamed or whole; as a context, it ends with whoever still works for it."""

    def __init__(self, answerers: Answerers, job: Job, meter: Meter, asking: Asking) -> None:
        self._answerers = answerers
        self._job = job
        self._call = job.call
        self._meter = meter
        self._asking = asking
        self._seams = answerers.seams

    async def __aenter__(self) -> Answering:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._asking.__aexit__(kind, error, trace)

    @property
    def limits(self) -> Headers:
        """The header fields about limits that came with the answer, once it has begun."""
        return self._asking.limits

    def frames(self) -> AsyncIterator[Frame]:
        """The events of a streamed answer; raises what the client is to be told."""
        return attempted(
            self._call, self._seams, self._answerers.rests, self._providers, self._frames
        )

    async def whole(self) -> bytes:
        """The body of an answer that is not streamed; raises what the client is to be told."""
        ask = attempted(
            self._call, self._seams, self._answerers.rests, self._providers, self._whole
        )
        return b"".join([body async for body in ask])

    @property
    def _providers(self) -> list[Provider]:
        return [self._answerers.providers[name] for name in self._job.model.providers]

    async def _frames(self, provider: Provider) -> AsyncIterator[Frame]:
        if passes(self._call.wire, provider):
            async for chunk in self._passed(provider):
                yield Frame(None, "", raw=chunk)
        else:
            opening = opened(self._pieces(provider), lambda piece: not isinstance(piece, Start))
            metered = self._meter.metered(await _begun(opening))
            async for frame in self._call.wire.frames(self._job.heading, metered):
                yield frame
        self._asking.is_over = True

    async def _whole(self, provider: Provider) -> AsyncIterator[bytes]:
        if self._call.wire.name == "count_tokens":
            yield passthrough.count(await self._asking.whole(self._request(provider)))
        elif passes(self._call.wire, provider):
            body = await self._asking.whole(self._request(provider))
            yield passthrough.whole(self._job, body, self._meter)
        else:
            answer = await gather(self._pieces(provider))
            self._meter.state(answer.usage)
            written = self._call.wire.answer(self._job.heading, answer)
            yield dump(self._seams.body(self._call, written)).encode()

    async def _passed(self, provider: Provider) -> AsyncIterator[bytes]:
        found = blocks(await self._asking.stream(self._request(provider)))
        passing = Passing(self._job, self._meter)
        async for chunk in self._seams.passed_bytes(self._call, passing.passed(found)):
            yield chunk

    def _pieces(self, provider: Provider) -> AsyncIterator[Piece]:
        prompt = self._job.prompt
        if self._job.is_outline:
            prompt = self._job.model.bounded(self._seams.prompt(self._call))
        if provider.protocol == "scripted":
            scope = f"{self._job.key.account} {self._job.model.name}"
            answerers = self._answerers
            return answerers.cache.noted(scope, prompt, answerers.scripted.stream(prompt))
        pieces = self._translated(provider, provider.protocol, prompt)
        return self._seams.upstream_pieces(self._call, pieces)

    async def _translated(
        self, provider: Provider, protocol: NativeProtocol, prompt: Prompt
    ) -> AsyncIterator[Piece]:
        """What a provider answers that speaks another protocol, or the same in other words."""
        body = request_body(protocol, self._call, prompt, self._job.model.name_upstream)
        plain = {name: value for name, value in body.items() if name != "stream_options"}
        request = Request(
            provider,
            protocol,
            provider.url(protocol),
            headers.own(provider, is_stream=prompt.stream),
            tuple(dump(one).encode() for one in ([body, plain] if body != plain else [body])),
            prompt.stream,
        )
        tokens = self._job.input_tokens
        if prompt.stream:
            events = events_of(blocks(await self._asking.stream(request)))
            async for piece in pieces_of_stream(protocol, events, tokens):
                yield piece
        else:
            document = document_of((await self._asking.whole(request)).decode(errors="replace"))
            for piece in pieces_of(protocol, document, tokens):
                yield piece

    def _request(self, provider: Provider) -> Request:
        """What goes to a provider that is asked in the client's own words."""
        is_stream = self._job.prompt.stream
        return Request(
            provider,
            self._call.wire.protocol,
            passthrough.url(self._call, provider),
            headers.passed(self._call, provider, is_stream=is_stream),
            passthrough.bodies(self._job),
            is_stream,
        )


async def _begun(pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    """The same pieces, the first of which is there: what fails before it, fails here."""
    first = await anext(pieces, None)
    if first is None:
        raise UpstreamBroken()
    return _joined(first, pieces)


async def _joined(first: Piece, pieces: AsyncIterator[Piece]) -> AsyncIterator[Piece]:
    yield first
    async for piece in pieces:
        yield piece
