"""A reference gateway in a thread, and a client that speaks both protocols with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx

from reference_gateway.app import Running, serve
from reference_gateway.config import Config

MODEL = "claude-haiku-4-5"
CITY_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


class Live:
    """A running gateway seen from outside."""

    def __init__(self, running: Running, http: httpx.Client) -> None:
        self.running = running
        self.http = http

    def messages(self, text: Any = "Say hello.", key: str | None = None, **more: Any) -> Any:
        """POST /v1/messages; `more` is added to the body."""
        messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
        body = {"model": MODEL, "max_tokens": 400, "messages": messages, **more}
        return self.post("/api/v1/messages", body, {"x-api-key": key or self.running.key})

    def chat(self, text: Any = "Say hello.", key: str | None = None, **more: Any) -> Any:
        """POST /v1/chat/completions; `more` is added to the body."""
        messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
        bearer = {"authorization": f"Bearer {key or self.running.key}"}
        return self.post(
            "/v1/chat/completions", {"model": MODEL, "messages": messages, **more}, bearer
        )

    def post(self, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        """POST anything; bytes are sent as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(self.running.base_url + path, content=content, headers=headers)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API; the JSON of its answer."""
        bearer = {"authorization": f"Bearer {self.running.control_token}"}
        url = self.running.control_url + path
        return self.http.request(method, url, json=body, headers=bearer).json()

    def new_key(self, **wanted: Any) -> Any:
        """A key in a wanted state."""
        return self.control("POST", "/keys", {"account": None, "cap_nanousd": None, **wanted})

    def spent(self, key: Any) -> int:
        """What a key has spent."""
        return int(self.control("GET", f"/keys/{key['id']}")["spent_nanousd"])


@contextlib.contextmanager
def live(config: Config | None = None) -> Iterator[Live]:
    """Start a gateway, and stop it at the end."""
    wanted = config or Config(pace_s=0.0)
    started: asyncio.Queue[Running] = asyncio.Queue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with serve(wanted) as running:
            await started.put(running)
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    running = asyncio.run_coroutine_threadsafe(started.get(), loop).result(10)
    try:
        with httpx.Client(timeout=20) as http:
            yield Live(running, http)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def events(answer: httpx.Response) -> list[tuple[str | None, Any]]:
    """The events of a stream as (event name, data)."""
    found = []
    for block in answer.text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        data = fields["data"]
        found.append((fields.get("event"), data if data == "[DONE]" else json.loads(data)))
    return found


def anthropic_tool(name: str = "get_weather", schema: Any = CITY_SCHEMA) -> Any:
    """A tool as the Messages protocol writes it."""
    return {"name": name, "description": "Weather of a city", "input_schema": schema}


def openai_tool(name: str = "get_weather", schema: Any = CITY_SCHEMA) -> Any:
    """A tool as chat completions write it."""
    function = {"name": name, "description": "Weather of a city", "parameters": schema}
    return {"type": "function", "function": function}


def message_text(answer: httpx.Response) -> str:
    """The text of a Messages answer, streamed or not."""
    if answer.headers["content-type"].startswith("text/event-stream"):
        deltas = [data["delta"] for name, data in events(answer) if name == "content_block_delta"]
        return "".join(delta.get("text", "") for delta in deltas)
    return "".join(block.get("text", "") for block in answer.json()["content"])


def chat_text(answer: httpx.Response) -> str:
    """The text of a chat completion, streamed or not."""
    if answer.headers["content-type"].startswith("text/event-stream"):
        chunks = [data for _, data in events(answer) if data != "[DONE]"]
        choices = [choice for chunk in chunks for choice in chunk["choices"]]
        return "".join(choice["delta"].get("content") or "" for choice in choices)
    return str(answer.json()["choices"][0]["message"]["content"])
