"""Charges as rows: the tokens that are summed are columns, the rest of the usage is JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from reference_gateway.chat import CacheUse, Usage
from reference_gateway.ledger.contract import Charge
from reference_gateway.ledger.database import Session, Value

_CHARGES = "SELECT * FROM charges"
_SUMMED = ("input_tokens", "output_tokens")


async def insert(session: Session, charge: Charge) -> None:
    """Add a charge."""
    usage = asdict(charge.usage)
    summed = [usage.pop(name) for name in _SUMMED]
    await session.run(
        "INSERT INTO charges (request_id, key, account, model, input_tokens, output_tokens,"
        " details, amount) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(charge.request_id, charge.key, charge.account, charge.model),
        *(*summed, json.dumps(usage), charge.amount_nanousd),
    )


async def select(session: Session, condition: str, *values: Value) -> tuple[Charge, ...]:
    """The charges for which a condition holds, oldest first."""
    rows = await session.rows(f"{_CHARGES} WHERE {condition} ORDER BY number", *values)
    return tuple(_charge(row) for row in rows)


def _charge(row: Any) -> Charge:
    details = json.loads(row["details"])
    cache = CacheUse(**details.pop("cache"))
    usage = Usage(row["input_tokens"], row["output_tokens"], cache, **details)
    return Charge(row["request_id"], row["key"], row["account"], row["model"], usage, row["amount"])
