"""What the environment says about the target, and when it is listened to."""

from __future__ import annotations

import pytest
from process_gateway import Gateway
from process_servers import always, serving

_ONE = ("-k", "OAI-HTTP-001")


def test_base_url_alone_is_ignored(suite) -> None:
    with serving(always("200 OK", "application/json", "{}")) as server:
        found = suite(*_ONE, env={"BASE_URL": server.url})
    assert found.status == 0
    assert "(from the embedded reference gateway)" in found.line("target:")
    assert not server.targets


def test_base_url_and_tokenhubs_key_are_honoured_together(suite, gateway: Gateway) -> None:
    named = {"BASE_URL": gateway.base_url, "TOKENHUB_API_KEY": gateway.key}
    found = suite("-m", "smoke", env=named)
    assert found.status == 0
    assert found.line("target:") == f"target: {gateway.base_url} (from BASE_URL)"
    assert found.judged.header["profile"] == "tokenhub"


def test_base_url_is_honoured_with_a_profile(suite, gateway: Gateway) -> None:
    named = {"BASE_URL": gateway.base_url, **gateway.with_key}
    found = suite("--profile=generic", *_ONE, env=named)
    assert found.status == 0
    assert found.line("target:") == f"target: {gateway.base_url} (from BASE_URL)"


def test_pytests_own_variable_names_the_target(suite, gateway: Gateway) -> None:
    found = suite(*_ONE, env={"PYTEST_BASE_URL": gateway.base_url, **gateway.with_key})
    assert found.status == 0
    assert found.judged.header["target"] == gateway.base_url


def test_the_option_is_stronger_than_every_variable(suite, gateway: Gateway) -> None:
    with serving(always("200 OK", "application/json", "{}")) as server:
        others = {"PYTEST_BASE_URL": server.url, "BASE_URL": server.url}
        found = suite(f"--base-url={gateway.base_url}", *_ONE, env={**others, **gateway.with_key})
    assert found.status == 0
    assert found.line("target:") == f"target: {gateway.base_url} (from --base-url)"
    assert not server.targets


def test_the_model_comes_from_the_environment(suite, gateway: Gateway) -> None:
    named = {"GATEWAY_MODEL": "claude-haiku-4-5", **gateway.with_key}
    found = suite(f"--base-url={gateway.base_url}", *_ONE, env=named)
    assert found.status == 0
    assert set(found.judged.preflight["models"].values()) == {"claude-haiku-4-5"}


@pytest.mark.parametrize(
    "variables",
    [
        {"GATEWAY_API_KEY": "th-0123456789abcdefghij"},
        {"GATEWAY_MODEL": "no-such-model"},
        {"TOKENHUB_API_KEY": "th-0123456789abcdefghij"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_the_embedded_gateway_gets_nothing_of_the_environment(
    suite, variables: dict[str, str]
) -> None:
    assert suite(*_ONE, env=variables).status == 0


def test_tokenhubs_key_is_not_sent_to_another_vendor(suite) -> None:
    found = suite(
        *("--base-url=http://nosuch.invalid", "--profile=tokenhub", *_ONE),
        env={"TOKENHUB_API_KEY": "th-0123456789abcdefghij"},
    )
    assert found.status == 6
    assert "no key for this target" in found.output
