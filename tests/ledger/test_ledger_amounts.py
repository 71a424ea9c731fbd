"""Amounts as people write them are nano-dollars exactly, or refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_schedules import STEADY

from reference_gateway.amounts import MAX_NANOUSD, Currency, nanousd, parse, usd
from reference_gateway.config import Config, load
from reference_gateway.errors import UsageError

_RATE = Decimal("7.2")


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("5", Currency.USD, 5 * 10**9),
        ("0.10", Currency.USD, 10**8),
        ("0.000000001", Currency.USD, 1),
        ("1e6", Currency.USD, MAX_NANOUSD),
        ("7.2", Currency.CNY, 10**9),
        ("0.01", Currency.CNY, 1_388_888),
        ("100", Currency.CNY, 13_888_888_888),
    ],
)
def test_an_amount_is_exact(text: str, currency: Currency, expected: int) -> None:
    assert nanousd(parse(text), currency, _RATE) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "0", "-1", "nan", "inf", "1,5", "$5", "9" * 99),
        *("1e999999999", "1e-999999999", "0.0000000001", "1000000.1"),
    ],
)
def test_what_is_no_amount_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as found:
        nanousd(parse(text), Currency.USD, _RATE)
    assert "\n" not in str(found.value)


@settings(STEADY, max_examples=100)
@given(st.integers(1, MAX_NANOUSD))
def test_an_amount_that_is_shown_reads_back_the_same(amount: int) -> None:
    assert nanousd(parse(usd(amount)), Currency.USD, _RATE) == amount


@settings(STEADY, max_examples=100)
@given(
    st.decimals("0.01", 10**5, places=2),
    st.decimals("0.5", 20, places=4),
)
def test_nobody_gets_more_than_was_paid_nor_a_nano_dollar_less(
    paid: Decimal, rate: Decimal
) -> None:
    found = nanousd(paid, Currency.CNY, rate)
    exact = Fraction(paid) * 10**9 / Fraction(rate)
    assert exact - 1 < found <= exact


def test_a_debt_is_shown_as_one() -> None:
    assert usd(-1_500_000_000) == "-1.50"


def _loaded(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    return load(file)


def test_the_rate_is_read_as_it_is_written(tmp_path: Path) -> None:
    config = _loaded(tmp_path, "cny_per_usd = 7.1\npace_s = 0.5\ntop_up_presets = [1, 2]\n")
    assert config.cny_per_usd == Decimal("7.1")
    assert (config.pace_s, config.top_up_presets) == (0.5, (1, 2))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cny_per_usd = 0", "cny_per_usd must be a number above 0, not 0"),
        ("cny_per_usd = -7.2", "not -7.2"),
        ("cny_per_usd = nan", "not NaN"),
        ("cny_per_usd = '7.2'", "not '7.2'"),
        ("top_up_presets = []", "not []"),
        ("top_up_presets = [5, 5]", "different whole numbers above 0, not [5, 5]"),
        ("top_up_presets = [0]", "not [0]"),
        ("top_up_presets = 5", "not 5"),
        ("pace_s = inf", "pace_s must be a number, 0 or more"),
        ("ledger = 1", "ledger must be a string, not 1"),
    ],
)
def test_a_wrong_setting_says_what_it_has_to_be(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as found:
        _loaded(tmp_path, text)
    assert said in str(found.value)
