"""What a run costs whoever pays for the model: `python benchmarks/cost.py`.

Plays each selection once to the healthy reference gateway, without the opt-in areas, as a
target is asked that nobody named `--include` for. Answered is what its ledger charged for;
what is neither charged nor refused is free: model lists, token counts, probes. The tokens
are those of the reference gateway: the tokenizer of a real model counts differently, and a
real model does not stop where the scripted one does.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from conformance.connection import Deadlines
from conformance.control.reference import ReferenceControl
from conformance.plan import plan
from conformance.registry import requirements
from conformance.run import Conditions, Recorded, record
from conformance.secret import Secret
from conformance.target import Wish, resolve
from reference_gateway.app import Running, serve
from reference_gateway.config import Config

SELECTIONS = {"ANT": "ANT-", "OAI": "OAI-", "GW": "GW-", "all": ""}
"""What an id begins with, by the name that `-k` selects it with."""
USD_PER_MILLION = (1, 5)
"""Input and output of claude-haiku-4-5."""
COLUMNS = ("selection", "scenarios", "exchanges", "answered", "refused", "free", "input", "output")


@dataclass(frozen=True)
class Cost:
    """What one selection sent, and what was charged for it."""

    selection: str
    scenarios: int
    exchanges: int
    answered: int
    refused: int
    input_tokens: int
    output_tokens: int

    def usd(self, input_price: float, output_price: float) -> float:
        """What the tokens cost at prices per million; no discount for what a cache held."""
        return (self.input_tokens * input_price + self.output_tokens * output_price) / 1e6

    def cells(self, input_price: float, output_price: float) -> tuple[str, ...]:
        """A row of the table."""
        free = self.exchanges - self.answered - self.refused
        numbers = (self.scenarios, self.exchanges, self.answered, self.refused, free)
        tokens = (self.input_tokens, self.output_tokens)
        usd = f"{self.usd(input_price, output_price):.3f}"
        return (self.selection, *(f"{number:,}" for number in numbers + tokens), usd)


async def measured(selection: str) -> Cost:
    """What a selection costs, played to a gateway of its own."""
    ids = [id for id in requirements() if id.startswith(SELECTIONS[selection])]
    async with serve(Config()) as gateway:
        played = await _played(gateway, ids)
        charges = await _charges(gateway)
    exchanges = [e for recording in played.recordings.values() for e in recording.exchanges]
    return Cost(
        selection,
        sum(1 for recording in played.recordings.values() if recording.exchanges),
        len(exchanges),
        len(charges),
        sum(1 for exchange in exchanges if exchange.status >= 400),
        sum(charge["input_tokens"] for charge in charges),
        sum(charge["output_tokens"] for charge in charges),
    )


async def _played(gateway: Running, ids: list[str]) -> Recorded:
    target = resolve(Wish(), {}).started(f"{gateway.base_url}/api", Secret(gateway.key))
    control = ReferenceControl(gateway.control_url, Secret(gateway.control_token))
    with tempfile.TemporaryDirectory() as folder:
        how = Conditions(Path(folder), Deadlines(10, 10, 60), 8, lambda *_: None)
        return await record(target, plan(ids, target.profile), control, how)


async def _charges(gateway: Running) -> list[dict[str, int]]:
    token = {"authorization": f"Bearer {gateway.control_token}"}
    async with httpx.AsyncClient(headers=token, trust_env=False) as client:
        answer = await client.get(f"{gateway.control_url}/charges")
    charges: list[dict[str, int]] = answer.raise_for_status().json()["charges"]
    return charges


def main() -> None:
    """Measure and print, as a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    prices = ("INPUT", "OUTPUT")
    parser.add_argument(
        "--usd-per-million", type=float, nargs=2, metavar=prices, default=USD_PER_MILLION
    )
    price = parser.parse_args().usd_per_million
    rows = [(*COLUMNS, "USD"), ("---", *(["---:"] * len(COLUMNS)))]
    rows += [asyncio.run(measured(selection)).cells(*price) for selection in SELECTIONS]
    sys.stdout.write("".join(f"| {' | '.join(row)} |\n" for row in rows))


if __name__ == "__main__":
    main()
