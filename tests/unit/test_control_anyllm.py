"""The adapter of any-llm's admin API, against a server that answers as that gateway does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from unit_servers import Answer, http, serving

from conformance.control import Ability, Charge, Issued
from conformance.control.anyllm import AnyLlmControl
from conformance.errors import ControlError
from conformance.secret import Secret

MASTER = "master-of-the-gateway"
ISSUED = Issued("key-1", "conformance-user", Secret("gw-issued"))
T = TypeVar("T")


def said(status: str, body: Any = None) -> Answer:
    """An answer with a JSON body, or none."""
    return Answer((http(status, b"" if body is None else json.dumps(body).encode()),))


def ok(body: Any) -> Answer:
    """A successful answer."""
    return said("200 OK", body)


def asked(
    action: Callable[[AnyLlmControl], Awaitable[T]], *answers: Answer
) -> tuple[T, list[tuple[str, Any]]]:
    """What an action gives, and the calls that it made: first line and JSON body."""

    async def play() -> tuple[T, list[tuple[str, Any]]]:
        async with serving(*answers) as server:
            given = await action(AnyLlmControl(f"{server.url}/", Secret(MASTER)))
        return given, [_call(request) for request in server.requests]

    return asyncio.run(play())


def _call(request: bytes) -> tuple[str, Any]:
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert f"x-anyllm-key: Bearer {MASTER}" in headers
    return line.removesuffix(" HTTP/1.1"), json.loads(body) if body else None


def issue(
    cap_nanousd: int | None = None, balance_nanousd: int | None = None
) -> Callable[[AnyLlmControl], Awaitable[Issued]]:
    """Issue a key with these limits."""
    return lambda control: control.issue(
        cap_nanousd=cap_nanousd, balance_nanousd=balance_nanousd, account=""
    )


MADE = (ok({"budget_id": "b-1"}), ok({"user_id": "u"}), ok({"id": "key-1", "key": "gw-issued"}))


@pytest.mark.parametrize(
    ("cap", "balance", "dollars"),
    [
        pytest.param(None, None, 1000.0, id="without limit"),
        pytest.param(490_000, None, 0.00049, id="a cap"),
        pytest.param(None, 0, 0.0, id="no balance"),
        pytest.param(3_000_000_000, 2_500_000_000, 2.5, id="the smaller one of both"),
    ],
)
def test_a_key_gets_a_user_with_a_budget_of_its_own(
    cap: int | None, balance: int | None, dollars: float
) -> None:
    issued, calls = asked(issue(cap, balance), *MADE)

    user = {"user_id": issued.account}
    assert calls == [
        ("POST /v1/budgets", {"max_budget": dollars}),
        ("POST /v1/users", {**user, "budget_id": "b-1"}),
        ("POST /v1/keys", user),
    ]
    assert (issued.id, issued.secret.reveal()) == ("key-1", "gw-issued")


def test_two_keys_have_two_users() -> None:
    first, _ = asked(issue(), *MADE)
    second, _ = asked(issue(), *MADE)

    assert first.account != second.account


def test_a_second_key_of_a_user_is_refused_because_it_could_have_no_cap_of_its_own() -> None:
    async def beside() -> None:
        control = AnyLlmControl("http://127.0.0.1:9", Secret(MASTER))
        assert Ability.SIBLINGS not in control.abilities
        await control.issue(cap_nanousd=1, balance_nanousd=None, account="conformance-user")

    with pytest.raises(ControlError, match="share its budget"):
        asyncio.run(beside())


@pytest.mark.parametrize(
    ("cap", "dollars"),
    [pytest.param(14_000_000, 0.014, id="raised"), pytest.param(None, 1000.0, id="removed")],
)
def test_another_cap_is_another_budget(cap: int | None, dollars: float) -> None:
    _, calls = asked(lambda control: control.set_cap(ISSUED, cap), ok({"budget_id": "b-2"}), ok({}))

    assert calls == [
        ("POST /v1/budgets", {"max_budget": dollars}),
        ("PATCH /v1/users/conformance-user", {"budget_id": "b-2"}),
    ]


USER = ok({"budget_id": "b-1", "spend": 0.38000000000000006})
BUDGET = ok({"max_budget": 1.5})


def test_funding_adds_to_the_budget() -> None:
    _, calls = asked(
        lambda control: control.fund(ISSUED, 1_000_000_000),
        USER,
        BUDGET,
        ok({"budget_id": "b-2"}),
        ok({}),
    )

    assert calls[2] == ("POST /v1/budgets", {"max_budget": 2.5})


def test_the_balance_is_what_the_spend_leaves_of_the_budget() -> None:
    balance, _ = asked(lambda control: control.balance_nanousd(ISSUED), USER, BUDGET)

    assert balance == 1_120_000_000


@pytest.mark.parametrize(
    ("told", "nanousd"),
    [
        pytest.param("0.0", 0, id="nothing"),
        pytest.param("9.5e-05", 95_000, id="an exponent"),
        pytest.param("0.00028499999999999993", 285_000, id="drift of binary fractions"),
        pytest.param("1e-09", 1, id="the smallest amount"),
        pytest.param("1", 1_000_000_000, id="a whole number"),
    ],
)
def test_dollars_become_nano_dollars(told: str, nanousd: int) -> None:
    body = f'{{"spend": {told}}}'.encode()

    spent, _ = asked(lambda control: control.spent_nanousd(ISSUED), Answer((http("200 OK", body),)))

    assert spent == nanousd


def test_charges_come_oldest_first_and_without_what_failed() -> None:
    rows = [
        {"cost": 0.0002, "prompt_tokens": 20, "completion_tokens": 36, "status": "success"},
        {"cost": None, "prompt_tokens": None, "completion_tokens": None, "status": "error"},
        {"cost": 0.000095, "prompt_tokens": 15, "completion_tokens": 16, "status": "success"},
    ]

    found, calls = asked(lambda control: control.charges(ISSUED), ok(rows))

    assert calls == [("GET /v1/users/conformance-user/usage?limit=1000", None)]
    assert found == [
        Charge("", 95_000, {"input_tokens": 15, "output_tokens": 16}),
        Charge("", 200_000, {"input_tokens": 20, "output_tokens": 36}),
    ]


@pytest.mark.parametrize("role", ["capped", "broke"])
def test_a_key_that_may_spend_nothing_has_a_budget_of_nothing(role: str) -> None:
    secret, calls = asked(lambda control: control.key(role), *MADE)

    assert calls[0] == ("POST /v1/budgets", {"max_budget": 0.0})
    assert secret is not None and secret.reveal() == "gw-issued"


def test_a_revoked_key_is_deleted() -> None:
    secret, calls = asked(lambda control: control.key("revoked"), *MADE, said("204 No Content"))

    assert calls[-1] == ("DELETE /v1/keys/key-1", None)
    assert secret is not None and secret.reveal() == "gw-issued"


def test_no_key_is_made_for_an_unknown_role() -> None:
    assert asked(lambda control: control.key("vendor"), *MADE) == (None, [])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            said("401 Unauthorized", {"detail": f"Invalid master key {MASTER}"}),
            "POST /v1/budgets: status 401",
            id="a wrong master key",
        ),
        pytest.param(
            Answer((http("200 OK", b"<html>"),)), "POST /v1/budgets: no JSON", id="a page"
        ),
        pytest.param(ok([]), "POST /v1/budgets: no JSON object", id="a list"),
        pytest.param(Answer(end="reset"), "POST /v1/budgets: ", id="a broken connection"),
    ],
)
def test_what_the_gateway_refuses_is_one_line_without_the_key(answer: Answer, told: str) -> None:
    with pytest.raises(ControlError) as caught:
        asked(issue(), answer)

    assert told in str(caught.value) and MASTER not in str(caught.value)
