"""Amounts of money as people write them, and as the ledger counts them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import Enum
from fractions import Fraction

from reference_gateway.catalogue import NANOUSD_PER_USD
from reference_gateway.errors import UsageError

# Keeps every sum of amounts inside the 64 bits of a database column.
MAX_NANOUSD = 10**15
_MAX_LETTERS = 30
_USD_DIGITS = 9


class Currency(Enum):
    """What a top-up may be paid in."""

    USD = "USD"
    CNY = "CNY"


def parse(text: str) -> Decimal:
    """The number that somebody wrote, above 0; raises `UsageError`."""
    try:
        amount = Decimal(text) if len(text) <= _MAX_LETTERS else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount > 0):
        raise UsageError(f"{text[:_MAX_LETTERS]!r} is not an amount: expected a number above 0")
    return amount


def nanousd(amount: Decimal, currency: Currency, cny_per_usd: Decimal) -> int:
    """The amount in nano-dollars; raises `UsageError` where there is no such number of them.

    Yuan are divided by the rate without rounding, and the part of a nano-dollar that is
    left over is dropped: nobody is given more than was paid.
    """
    rate = cny_per_usd if currency is Currency.CNY else 1
    # A small exponent first: an exact 1e999999999 would fill the memory.
    exact = Fraction(amount) * NANOUSD_PER_USD / Fraction(rate) if _is_sane(amount) else Fraction()
    if currency is Currency.USD and exact.denominator != 1:
        raise UsageError(f"{amount} USD is finer than a nano-dollar, {_USD_DIGITS} decimals")
    found = int(exact)
    if not 0 < found <= MAX_NANOUSD:
        most = MAX_NANOUSD // NANOUSD_PER_USD
        raise UsageError(f"{amount} {currency.value} is not between a nano-dollar and {most} USD")
    return found


def usd(amount_nanousd: int) -> str:
    """The amount in US dollars, with all its digits and at least two decimals."""
    whole, part = divmod(abs(amount_nanousd), NANOUSD_PER_USD)
    decimals = f"{part:0{_USD_DIGITS}d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount_nanousd < 0 else ''}{whole}.{decimals}"


def _is_sane(amount: Decimal) -> bool:
    return -_MAX_LETTERS <= amount.adjusted() <= _MAX_LETTERS
