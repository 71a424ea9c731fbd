"""Gateways as processes that share a ledger, and many requests to them at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx

MODEL = "claude-haiku-4-5"
INPUT_NANOUSD, OUTPUT_NANOUSD = 1_000, 5_000


@dataclass(frozen=True)
class Gateway:
    """A gateway process: where it listens, and the process."""

    base_url: str
    control_url: str
    control_token: str
    process: subprocess.Popen[bytes]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API; the JSON of its answer."""
        bearer = {"authorization": f"Bearer {self.control_token}"}
        url = self.control_url + path
        answer = httpx.request(method, url, json=body, headers=bearer, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json()


@dataclass(frozen=True)
class Answer:
    """What a client got: None where the connection broke; `cost_nanousd` of what is complete."""

    status: int | None
    request_id: str | None = None
    is_stream: bool = False
    cost_nanousd: int | None = None


@contextlib.contextmanager
def started(config: Path) -> Iterator[Gateway]:
    """Start a gateway, and end it with the block if it still runs."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "reference_gateway", "--exit-with-stdin"]
        flags = ["--config", str(config), "--ready-file", str(ready)]
        with subprocess.Popen([*command, *flags], stdin=subprocess.PIPE) as process:
            try:
                _wait_for(ready, process)
                found = json.loads(ready.read_text())
                found.pop("key")
                yield Gateway(**found, process=process)
            finally:
                process.kill()


def _wait_for(ready: Path, process: subprocess.Popen[bytes]) -> None:
    while not ready.exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
            raise AssertionError(f"the gateway ended with {process.returncode}")


async def ask_at_once(
    gateways: list[Gateway],
    keys: list[str],
    requests: int,
    dice: random.Random,
    seen: Callable[[Answer], None],
) -> list[list[Answer]]:
    """Send that many requests at once, by turns to the gateways; the answers by gateway."""
    timeout = aiohttp.ClientTimeout(total=60)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as client:

        async def ask(gateway: Gateway, key: str, numbers: int, is_stream: bool) -> Answer:
            answer = await _asked(client, gateway, key, numbers, is_stream)
            seen(answer)
            return answer

        work: list[list[asyncio.Task[Answer]]] = [[] for _ in gateways]
        for number in range(requests):
            turn = number % len(gateways)
            asked = ask(gateways[turn], dice.choice(keys), dice.randint(1, 40), dice.random() < 0.5)
            work[turn].append(asyncio.create_task(asked))
        return [list(await asyncio.gather(*tasks)) for tasks in work]


async def _asked(
    client: aiohttp.ClientSession, gateway: Gateway, key: str, numbers: int, is_stream: bool
) -> Answer:
    text = f"Count from 1 to {numbers}"
    body = {
        "model": MODEL,
        "max_tokens": 400,
        "stream": is_stream,
        "messages": [{"role": "user", "content": text}],
    }
    url = f"{gateway.base_url}/v1/messages"
    try:
        async with client.post(url, json=body, headers={"x-api-key": key}) as answer:
            request_id = answer.headers.get("request-id")
            received = await answer.text()
            cost = _cost(received, is_stream) if answer.status == 200 else None
            return Answer(answer.status, request_id, is_stream, cost)
    except (aiohttp.ClientError, ConnectionError):
        return Answer(None, is_stream=is_stream)


def _cost(received: str, is_stream: bool) -> int:
    if not is_stream:
        usage = json.loads(received)["usage"]
    else:
        data = [json.loads(line[6:]) for line in received.splitlines() if line[:6] == "data: "]
        assert data[-1] == {"type": "message_stop"}
        usage = {**data[0]["message"]["usage"], **data[-2]["usage"]}
    tokens: tuple[int, int] = usage["input_tokens"], usage["output_tokens"]
    return tokens[0] * INPUT_NANOUSD + tokens[1] * OUTPUT_NANOUSD
