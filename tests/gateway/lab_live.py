"""A lab in a thread, and a client that plays the gateway before it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from reference_gateway.lab.app import Lab, serve_lab

MODEL = "lab-model"
PROTOCOLS = ("openai", "anthropic")


@dataclass
class Heard:
    """What came back: as much of it as there was, and the error that ended it."""

    status: int = 0
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""
    error: str = ""

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def blocks(self) -> list[str]:
        """The events as texts."""
        return self.body.decode().split("\n\n")[:-1]

    @property
    def data(self) -> list[Any]:
        """The data of the events; `[DONE]` as it is."""
        texts = [block.split("data: ", 1)[1] for block in self.blocks if "data: " in block]
        return [text if text == "[DONE]" else json.loads(text) for text in texts]

    @property
    def text(self) -> str:
        """The text of the answer, in either protocol."""
        return "".join(self.texts)

    @property
    def texts(self) -> list[str]:
        """The text of each event, or of each part of a plain answer."""
        if "event-stream" in self.headers["content-type"]:
            return [text for data in self.data if data != "[DONE]" for text in _said(data)]
        if "choices" in self.json:
            return [choice["message"]["content"] for choice in self.json["choices"]]
        return [block["text"] for block in self.json["content"] if "text" in block]


def _said(data: Any) -> list[str]:
    choices = [choice["delta"].get("content") for choice in data.get("choices", ())]
    delta = data.get("delta", {}).get("text")
    return [text for text in [*choices, delta] if text]


class Before:
    """Stands before a lab, as a gateway does."""

    def __init__(self, lab: Lab, http: httpx.Client) -> None:
        self.lab = lab
        self.http = http

    def control(self, method: str, path: str, document: Any = None) -> httpx.Response:
        """A call of the control."""
        bearer = {"authorization": f"Bearer {self.lab.token}"}
        return self.http.request(method, self.lab.url + path, json=document, headers=bearer)

    def script(self, *steps: Any, **by_provider: Any) -> str:
        """Put a script; its id."""
        script_id = secrets.token_hex(8)
        document = {"steps": list(steps), "by_provider": by_provider}
        answer = self.control("PUT", f"/lab/scripts/{script_id}", document)
        assert answer.status_code == 200, answer.text
        assert answer.json()["mark"] == mark(script_id)
        return script_id

    def received(self, script_id: str, within_s: float = 5) -> list[Any]:
        """What came for a script, once it is settled."""
        path = f"/lab/scripts/{script_id}?settled_within_s={within_s}"
        requests: list[Any] = self.control("GET", path).json()["requests"]
        return requests

    def request(
        self, protocol: str, text: str, provider: str = "", **more: Any
    ) -> tuple[str, dict[str, Any], dict[str, str]]:
        """URL, body and headers of a request that a provider would answer."""
        provider = provider or protocol
        body = {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}
        if protocol == "openai":
            path, headers = "chat/completions", {"authorization": f"Bearer {self.lab.key}"}
        else:
            path, headers = "messages", {"x-api-key": self.lab.key}
            body = {"max_tokens": 400, **body}
        return f"{self.lab.url}/{provider}/v1/{path}", body, headers

    def ask(self, protocol: str, text: str, **more: Any) -> Heard:
        """Ask a provider, and hear as much of its answer as there is."""
        url, body, headers = self.request(protocol, text, **more)
        heard = Heard()
        try:
            with self.http.stream("POST", url, json=body, headers=headers) as answer:
                heard.status, heard.headers = answer.status_code, answer.headers
                for chunk in answer.iter_raw():
                    heard.body += chunk
        except httpx.HTTPError as error:
            heard.error = type(error).__name__
        return heard

    def play(self, protocol: str, step: Any, text: str = "Say hello.", **more: Any) -> Heard:
        """Ask once, and be answered with a step."""
        return self.ask(protocol, f"{text} {mark(self.script(step))}", **more)


def mark(script_id: str) -> str:
    """What a request of a script carries."""
    return f"[[lab:{script_id}]]"


def written(received: Any) -> bytes:
    """The body that the lab says it wrote."""
    return b"".join(base64.b64decode(chunk) for _, chunk in received["answer"]["chunks"])


@contextlib.contextmanager
def standing() -> Iterator[Before]:
    """Start a lab, and stop it at the end."""
    started: asyncio.Queue[Lab] = asyncio.Queue()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with serve_lab() as lab:
            await started.put(lab)
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    lab = asyncio.run_coroutine_threadsafe(started.get(), loop).result(10)
    try:
        with httpx.Client(timeout=10) as http:
            yield Before(lab, http)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
