"""Each field of a request is said upstream, or refused by name, or left out for a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
import upstream_page
from upstream_fields import LEFT_OUT, REFUSED, WITHIN, Key
from upstream_requests import PLAIN, asked

from reference_gateway.errors import InvalidRequest
from reference_gateway.upstream.translation import RULES
from reference_gateway.upstream.untranslatable import Fate

Json = dict[str, Any]
_FOR_OTHERS = ("messages[].content[redacted_thinking]",)
_INDEX = re.compile(r"\[\d+\]|\.\d+(?=\.|$)")
_KIND = re.compile(r"\[\w*\]")


def named(keys: Any) -> list[str]:
    """The ids of rows."""
    return ["-".join(key) for key in keys]


def _paths(wanted: Any) -> set[Key]:
    return {(*pair, rule.path) for pair, rules in RULES.items() for rule in rules if wanted(rule)}


def test_every_field_that_can_be_refused_has_a_row() -> None:
    assert set(REFUSED) == _paths(lambda rule: rule.can_refuse)


def test_every_field_that_is_left_out_has_a_row_and_a_reason() -> None:
    left_out = _paths(lambda rule: rule.fate is Fate.LEFT_OUT and rule.path not in _FOR_OTHERS)

    assert {*LEFT_OUT, *WITHIN} == left_out
    assert not _paths(lambda rule: rule.fate in (Fate.LEFT_OUT, Fate.REFUSED) and not rule.why)


def test_no_field_has_two_fates() -> None:
    for rules in RULES.values():
        paths = [rule.path for rule in rules]
        assert len(paths) == len(set(paths))


@pytest.mark.parametrize("key", REFUSED, ids=named(REFUSED))
def test_a_refusal_names_the_field(key: Key) -> None:
    wire, protocol, path = key

    with pytest.raises(InvalidRequest) as refusal:
        asked(wire, protocol, **REFUSED[key])

    found, wanted = refusal.value.param or "", _KIND.sub("", path)
    assert _INDEX.sub("", found).startswith(wanted)
    assert path.split(".")[-1].split("[")[0] in refusal.value.message


@pytest.mark.parametrize("key", LEFT_OUT, ids=named(LEFT_OUT))
def test_what_is_left_out_changes_nothing_upstream(key: Key) -> None:
    wire, protocol, _ = key

    assert asked(wire, protocol, **LEFT_OUT[key]) == asked(wire, protocol)


@pytest.mark.parametrize("key", WITHIN, ids=named(WITHIN))
def test_what_is_left_out_inside_a_field_changes_nothing_upstream(key: Key) -> None:
    wire, protocol, _ = key
    with_it, without = WITHIN[key]

    assert asked(wire, protocol, **with_it) == asked(wire, protocol, **without)


@pytest.mark.parametrize("pair", RULES, ids="-".join)
def test_an_unknown_field_is_left_out(pair: tuple[str, Any]) -> None:
    assert asked(*pair, zzz_unknown={"a": 1}) == asked(*pair)


@pytest.mark.parametrize("pair", RULES, ids="-".join)
def test_null_asks_for_nothing(pair: tuple[str, Any]) -> None:
    names = {rule.path for rule in RULES[pair] if rule.path.isidentifier()}
    nothing = dict.fromkeys(names - {"model", *PLAIN[pair[0]]})

    assert asked(*pair, **nothing) == asked(*pair)


_HARMLESS: dict[tuple[str, str], Json] = {
    ("anthropic", "openai"): {
        "mcp_servers": [],
        "inference_geo": "not_available",
        "messages": [{"role": "user", "content": "Hi."}],
    },
    ("openai", "anthropic"): {
        "n": 1,
        "logprobs": False,
        "presence_penalty": 0,
        "frequency_penalty": 0.0,
        "logit_bias": {},
        "verbosity": "medium",
        "store": False,
        "modalities": ["text"],
        "response_format": {"type": "text"},
        "tool_choice": "auto",
        "tools": [],
    },
    ("responses", "anthropic"): {
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "truncation": "disabled",
        "background": False,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    },
    ("completions", "anthropic"): {"n": 1, "best_of": 1, "presence_penalty": 0, "echo": False},
}


@pytest.mark.parametrize("pair", _HARMLESS, ids="-".join)
def test_values_that_ask_for_nothing_are_no_refusal(pair: tuple[str, Any]) -> None:
    assert asked(*pair, **_HARMLESS[pair]) == asked(*pair)


def test_the_page_says_what_the_tables_say() -> None:
    # Otherwise: python tests/gateway/upstream_page.py
    assert upstream_page.PAGE.read_text(encoding="utf-8") == upstream_page.page()
