"""The options of the gate: baseline and edition, money and pace, rehearsal and resumption."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

import pytest


def add(group: pytest.OptionGroup) -> None:
    """Declare them."""
    _add_gate(group)
    _add_limits(group)


def _add_gate(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--baseline",
        metavar="FILE",
        default="",
        help="known failures (TOML): one that fails as the file says is known, not failed",
    )
    group.addoption(
        "--update-baseline",
        action="store_true",
        help="write --baseline anew from this whole run; ticket, owner and expires stay",
    )
    group.addoption(
        "--edition",
        metavar="NAME",
        default="",
        help="a frozen set of requirements, as 2026.1: newer ones are shown and do not decide",
    )
    group.addoption(
        "--fail-flaky",
        action="store_true",
        help="also fail what passed only after a 5xx or a lost network",
    )


def _add_limits(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--max-cost",
        type=_usd,
        metavar="USD",
        help="the most that the run may cost, by the profile's prices"
        " (default 1 at a gateway that is not the embedded one)",
    )
    group.addoption(
        "--max-requests",
        type=_positive,
        metavar="N",
        help="the most requests to send (default 300 there, where no price is known)",
    )
    group.addoption(
        "--rate-limit",
        type=_rate,
        metavar="N/min",
        help="send no more requests a minute, and none while the gateway asks to wait",
    )
    group.addoption(
        "--dry-run", action="store_true", help="print target, plan and limits; send nothing"
    )
    group.addoption(
        "--resume",
        metavar="RUN",
        default="",
        help="go on with an interrupted run: only what is missing in its folder is sent",
    )


def _usd(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected US dollars as 0.50") from None
    if not amount.is_finite() or amount < 0:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected US dollars as 0.50")
    return amount


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected at least 1")
    return int(text)


def _rate(text: str) -> float:
    return float(_positive(text.removesuffix("/min")))
