"""Requests that between them show every fault, and their answers without what is random."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import aiohttp
from gateway_live import MODEL, anthropic_tool, openai_tool

from reference_gateway.app import Running

# A body that has not ended by then is called open; healthy ones take milliseconds.
OPEN_AFTER_S = 3.0
# What the gateways under test are configured to take.
MAX_BODY_BYTES = 100_000
_PATHS = {"anthropic": "/v1/messages", "openai": "/v1/chat/completions"}
_IDS = re.compile(r"\b(msg|chatcmpl|toolu|req|acct|key)([_-])[0-9a-f]{12,24}\b")
_CREATED = re.compile(r'"created":(1\d{9})\b')
_HEADERS = ("content-type", "cache-control", "request-id", "x-request-id", "retry-after")
_HEADERS += ("x-should-retry", "x-received-key", "allow")
FORCED = {
    "anthropic": ({"type": "tool", "name": "get_weather"}, {"type": "any"}, {"type": "none"}),
    "openai": (
        {"type": "function", "function": {"name": "get_weather"}},
        "required",
        "none",
    ),
}
EMPTY = {"type": "object", "properties": {}}


def _body(wire: str, text: Any, **more: Any) -> dict[str, Any]:
    messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
    limit = {"max_tokens": 300} if wire == "anthropic" else {}
    return {"model": MODEL, **limit, "messages": messages, **more}


def _round_trip(wire: str) -> list[dict[str, Any]]:
    asked = {"role": "user", "content": "Weather in Paris?"}
    if wire == "openai":
        function = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
        call = {"id": "call_1", "type": "function", "function": function}
        said = {"role": "assistant", "tool_calls": [call]}
        return [asked, said, {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees"}]
    use = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Paris"}}
    text = [{"type": "text", "text": "18 degrees"}]
    result = {"type": "tool_result", "tool_use_id": "call_1", "content": text}
    return [asked, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]


def requests(wire: str) -> dict[str, Any]:
    """Bodies by the name of what they are about."""
    tool = anthropic_tool if wire == "anthropic" else openai_tool
    tools, stop = [tool()], "stop_sequences" if wire == "anthropic" else "stop"
    single = (
        {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
        if wire == "anthropic"
        else {"parallel_tool_calls": False}
    )
    named, forced, none = FORCED[wire]
    plain = {
        "plain": _body(wire, "Say hello."),
        "emoji": _body(wire, "Reply with: 🎉🎊"),
        "cut": _body(wire, "Count from 1 to 90", max_tokens=8),
        "stopped": _body(wire, "Count from 1 to 9", **{stop: ["5"]}),
        "named": _body(wire, "Hello.", tools=tools, tool_choice=named),
        "any": _body(wire, "Hello.", tools=tools, tool_choice=forced),
        "none": _body(wire, "Weather in Paris?", tools=tools, tool_choice=none),
        "two": _body(wire, "Weather in Paris and in Tokyo?", tools=tools),
        "single": _body(wire, "Weather in Paris and in Tokyo?", tools=tools, **single),
        "no-arguments": _body(wire, "Go.", tools=[tool("list_rooms", EMPTY)], tool_choice=forced),
        "round-trip": _body(wire, _round_trip(wire), tools=tools),
        "unknown-model": {**_body(wire, "Hello."), "model": "no-such-model"},
        "wrong-case": {**_body(wire, "Hello."), "model": MODEL.upper()},
        "prefixed": {**_body(wire, "Hello."), "model": f"anthropic/{MODEL}"},
        "unprovisioned": {**_body(wire, "Hello."), "model": "claude-opus-4-1"},
        "hostile-model": {**_body(wire, "Hello."), "model": [1]},
        "no-messages": {**_body(wire, "Hello."), "messages": []},
    }
    streamed = {f"{name}-stream": {**body, "stream": True} for name, body in plain.items()}
    if wire == "openai":
        options = {"stream": True, "stream_options": {"include_usage": True}}
        streamed["usage-stream"] = {**plain["plain"], **options}
    return {**plain, **streamed}


class Battery:
    """Asks one gateway everything."""

    def __init__(self, running: Running, http: aiohttp.ClientSession) -> None:
        self.running = running
        self.http = http

    async def facts(self) -> dict[str, Any]:
        """What the gateway answers, by the name of the question."""
        asked = {}
        for wire in _PATHS:
            for name, body in requests(wire).items():
                asked[f"{wire} {name}"] = self.ask(wire, json.dumps(body).encode())
            asked |= self.credentials(wire)
            asked[f"{wire} too large"] = self.ask(wire, b"x" * (MAX_BODY_BYTES + 1))
            asked[f"{wire} malformed"] = self.ask(wire, b'{"model":')
            asked[f"{wire} money"] = self.money(wire)
        asked |= {"paths": self.paths(), "dropped": self.dropped(), "at once": self.at_once()}
        found = await asyncio.gather(*asked.values())
        return dict(zip(asked, found, strict=True))

    def credentials(self, wire: str) -> dict[str, Any]:
        """Requests with every kind of credential."""
        key, body = self.running.key, json.dumps(requests(wire)["plain"]).encode()
        kinds = {
            "missing": {},
            "wrong": {"authorization": "Bearer th-" + "0" * 64},
            "vendor": {"authorization": "Bearer sk-ant-api03-" + "0" * 20},
            "lower": {"authorization": f"bearer {key}"},
            "empty": {"x-api-key": "", "authorization": f"Bearer {key}"},
            "x-api-key": {"x-api-key": key},
        }
        asked = {f"{wire} key {kind}": self.ask(wire, body, sent) for kind, sent in kinds.items()}
        stream = json.dumps(requests(wire)["plain-stream"]).encode()
        asked[f"{wire} key missing, stream"] = self.ask(wire, stream, {})
        asked[f"{wire} key wrong, malformed"] = self.ask(wire, b"[", kinds["wrong"])
        asked[f"{wire} key revoked"] = self.revoked(wire, body)
        return asked

    async def ask(self, wire: str, body: bytes, headers: Any = None) -> Any:
        """One request, answered."""
        headers = {"authorization": f"Bearer {self.running.key}"} if headers is None else headers
        return await self.fetch("POST", _PATHS[wire], body, headers)

    async def fetch(self, method: str, path: str, body: bytes, headers: Any) -> Any:
        """Status, the headers that matter, and the body; what is random is masked."""
        url = self.running.base_url + path
        async with self.http.request(method, url, data=body, headers=headers) as answer:
            shown = {
                name: _masked(answer.headers[name]) for name in _HEADERS if name in answer.headers
            }
            return answer.status, shown, await _whole(answer)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API."""
        headers = {"authorization": f"Bearer {self.running.control_token}"}
        url = self.running.control_url + path
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            return await answer.json()

    async def new_key(self, **wanted: Any) -> tuple[Any, dict[str, str]]:
        """A key and the header that sends it."""
        key = await self.control("POST", "/keys", wanted)
        return key, {"authorization": f"Bearer {key['key']}"}

    async def revoked(self, wire: str, body: bytes) -> Any:
        """A request with a revoked key."""
        key, sent = await self.new_key()
        await self.control("DELETE", f"/keys/{key['id']}")
        return await self.ask(wire, body, sent)

    async def money(self, wire: str) -> Any:
        """A used-up cap, an empty account, a raised cap, failures, and the charges of it all."""
        account = await self.control("POST", "/accounts", {"balance_nanousd": 10**12})
        broke = await self.control("POST", "/accounts", {"balance_nanousd": 0})
        capped, sent = await self.new_key(account=account["id"], cap_nanousd=0)
        free, free_sent = await self.new_key(account=account["id"], cap_nanousd=7_000_000)
        _, broke_sent = await self.new_key(account=broke["id"])
        plain = {**requests(wire)["plain"], "max_tokens": 50}
        bodies = [json.dumps({**plain, "stream": stream}).encode() for stream in (False, True)]
        found = [await self.ask(wire, body, sent) for body in bodies]
        found += [await self.ask(wire, body, broke_sent) for body in bodies]
        found += [await self.ask(wire, body, free_sent) for body in (*bodies, b"{}")]
        await self.control("PATCH", f"/keys/{capped['id']}", {"cap_nanousd": 7_000_000})
        found.append(await self.ask(wire, bodies[0], sent))
        await self.control("PATCH", f"/keys/{free['id']}", {"cap_nanousd": 500_000})
        found.append(await self.ask(wire, bodies[0], free_sent))
        charges = await self.control("GET", f"/charges?key={free['id']}")
        return found, [charge["amount_nanousd"] for charge in charges["charges"]]

    async def paths(self) -> Any:
        """The model list, unknown paths and wrong methods."""
        bearer = {"authorization": f"Bearer {self.running.key}"}
        versioned = {"anthropic-version": "2023-06-01"}
        return [
            await self.fetch("GET", "/v1/models", b"", bearer),
            await self.fetch("GET", "/v1/models", b"", {**bearer, **versioned}),
            await self.fetch("GET", "/v1/models", b"", {}),
            await self.fetch("GET", "/v1/nothing", b"", bearer),
            await self.fetch("GET", "/v1/nothing", b"", versioned),
            await self.fetch("PUT", "/v1/messages", b"", bearer),
        ]

    async def dropped(self) -> Any:
        """How often a stream that the client drops is charged."""
        key, sent = await self.new_key()
        long = {**requests("anthropic")["plain-stream"], "max_tokens": 30_000}
        long["messages"] = [{"role": "user", "content": "Count from 1 to 30000"}]
        url = self.running.base_url + _PATHS["anthropic"]
        async with self.http.post(url, json=long, headers=sent) as answer:
            await answer.content.readany()
            answer.close()
        for _ in range(200):
            charges = (await self.control("GET", f"/charges?key={key['id']}"))["charges"]
            account = await self.control("GET", f"/accounts/{key['account']}")
            if charges or not account["reserved_nanousd"]:
                break
            await asyncio.sleep(0.01)
        return len(charges)

    async def at_once(self) -> Any:
        """Whether many requests at once overspend a cap that covers two of them."""
        key, sent = await self.new_key(cap_nanousd=300_000)
        body = json.dumps({**requests("openai")["plain"], "max_tokens": 25}).encode()
        await asyncio.gather(*(self.ask("openai", body, sent) for _ in range(30)))
        key = await self.control("GET", f"/keys/{key['id']}")
        return key["spent_nanousd"] > key["cap_nanousd"]


async def _whole(answer: aiohttp.ClientResponse) -> Any:
    try:
        async with asyncio.timeout(OPEN_AFTER_S):
            chunks = [chunk async for chunk in answer.content.iter_any()]
    except TimeoutError:
        return "open"
    text = b"".join(chunks).decode()
    # One read per stream is what buffering looks like from here.
    is_one_piece = text.startswith(("data:", "event:")) and len(chunks) == 1
    return _masked(text), is_one_piece and text.count("\n\n") > 8


def _masked(text: str) -> str:
    text = _IDS.sub(lambda match: f"{match[1]}{match[2]}#{len(match[0])}", text)
    created = _CREATED.search(text)
    return text.replace(created[0], '"created":#') if created else text
