"""A credential is never shown by accident."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from conformance.secret import Secret

KEY = "th-0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Holder:
    """A value that holds a credential."""

    key: Secret


@pytest.mark.parametrize(
    "show",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param(format, id="format"),
        pytest.param(lambda key: f"{key}", id="f-string"),
        pytest.param(lambda key: f"{key!r}", id="f-string with repr"),
        pytest.param(lambda key: f"{key=}", id="f-string with name"),
        pytest.param(lambda key: "%s" % key, id="percent"),  # noqa: UP031 - what is tried
        pytest.param("{}".format, id="str.format"),
        pytest.param(lambda key: repr([key, {"a": key}]), id="inside containers"),
        pytest.param(lambda key: repr(Holder(key)), id="inside a dataclass"),
        pytest.param(lambda key: json.dumps(key, default=str), id="json"),
    ],
)
def test_nothing_shows_a_secret(show: Callable[[Secret], str]) -> None:
    assert "Secret(...)" in show(Secret(KEY)) and KEY[3:12] not in show(Secret(KEY))


def test_a_format_specification_is_refused_without_the_secret() -> None:
    with pytest.raises(TypeError) as caught:
        f"{Secret(KEY):>40}"

    assert KEY not in str(caught.value)


def test_a_traceback_with_its_locals_does_not_show_a_secret() -> None:
    def fails(key: Secret) -> None:
        raise ValueError(key)

    with pytest.raises(ValueError, match="Secret") as caught:
        fails(Secret(KEY))
    shown = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )

    assert "key = Secret(...)" in shown and KEY[3:12] not in shown


def test_a_secret_has_no_attributes_to_list() -> None:
    assert not hasattr(Secret(KEY), "__dict__")


def test_reveal_gives_the_key() -> None:
    assert Secret(KEY).reveal() == KEY


def test_secrets_are_equal_by_value() -> None:
    assert Secret(KEY) == Secret(KEY) and Secret(KEY) != Secret("th-other") and Secret(KEY) != KEY


def test_equal_secrets_have_one_hash() -> None:
    assert len({Secret(KEY), Secret(KEY), Secret("th-other")}) == 2


def test_an_empty_secret_is_false() -> None:
    assert not Secret("") and Secret(KEY)
