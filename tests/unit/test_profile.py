"""Profiles: the built-in ones, overlays, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import profile
from conformance.errors import UsageError
from conformance.kinds import Protocol
from conformance.profile import CredentialStyle, Endpoint, Price


def load(tmp_path: Path, text: str) -> profile.Profile:
    """The profile in a file with this text."""
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return profile.load(str(path))


@pytest.mark.parametrize("name", profile.names())
def test_a_built_in_profile_loads_under_its_own_name(name: str) -> None:
    assert profile.load(name).name == name


@pytest.mark.parametrize("name", profile.names())
def test_a_built_in_profile_prices_the_models_it_asks(name: str) -> None:
    found = profile.load(name)
    asked = {found.models[role] for role in ("anthropic", "openai") if role in found.models}

    assert not found.prices or asked <= set(found.prices)


@pytest.mark.parametrize("name", profile.names())
def test_a_built_in_profile_expects_an_answer_to_every_open_condition(name: str) -> None:
    expected = {"unknown_model", "spent_cap", "unprovisioned_model"}

    assert set(profile.load(name).expect) == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("colour = 1", "'colour' was unexpected", id="unknown key"),
        pytest.param("kind = 'proxy'", "kind", id="unknown kind"),
        pytest.param("name = 7", "name", id="name that is no text"),
        pytest.param("hosts = 'a.example'", "hosts", id="hosts that are no list"),
        pytest.param("claims = ['gemini']", "claims[0]", id="unknown protocol claimed"),
        pytest.param("claims = []", "claims", id="nothing claimed"),
        pytest.param("control = 'magic'", "control", id="unknown control adapter"),
        pytest.param("protocols = 3", "protocols", id="protocols that are no table"),
        pytest.param("[protocols.grpc]", "protocols", id="unknown protocol"),
        pytest.param("[protocols.openai]\nroot = 'v1'", "protocols.openai.root", id="bare root"),
        pytest.param(
            "[protocols.openai]\nroot = '/v1/'", "protocols.openai.root", id="root with a slash"
        ),
        pytest.param(
            "[protocols.openai]\ncredentials = [{header = 'x', format = 'Bearer'}]",
            "protocols.openai.credentials[0].format",
            id="format without key",
        ),
        pytest.param(
            "[protocols.openai]\ncredentials = []",
            "protocols.openai.credentials",
            id="no credential style",
        ),
        pytest.param(
            "[expect.spent_cap]\nstatus = [99]", "expect.spent_cap.status[0]", id="no status"
        ),
        pytest.param(
            "[expect.spent_cap]\nstatus = 402",
            "expect.spent_cap.status",
            id="status that is no set",
        ),
        pytest.param("[expect.rain]\nstatus = [402]", "expect", id="unknown condition"),
        pytest.param("[models]\nfavourite = 'x'", "models", id="unknown model role"),
        pytest.param("[models]\nopenai = 4", "models.openai", id="model that is no text"),
        pytest.param("[keys.spare]\nenv = ['A']", "keys", id="unknown key role"),
        pytest.param("[keys.valid]\nenv = 'A'", "keys.valid.env", id="variables that are no list"),
        pytest.param("[keys.valid]\nvalue = 'th-1'", "keys.valid", id="a key in the profile"),
        pytest.param("[prices]\nm = {input = 1}", "prices.m", id="half a price"),
        pytest.param(
            "[prices]\nm = {input = -1, output = 1}", "prices.m.input", id="negative price"
        ),
        pytest.param("[headers]\nx-a = 1", "headers", id="header that is no text"),
        pytest.param("name = 'x", "not TOML", id="no TOML"),
        pytest.param("name = 'a'\nname = 'b'", "not TOML", id="name twice"),
        pytest.param("name = 1979-05-27", "name", id="a date"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)

    assert "mine.toml" in str(caught.value) and place in str(caught.value)


def test_an_unknown_profile_is_refused_with_those_known() -> None:
    with pytest.raises(
        UsageError, match=r"'nonesuch', expected one of anthropic, .* or a TOML file"
    ):
        profile.load("nonesuch")


def test_a_profile_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"name = '\xff'")

    with pytest.raises(UsageError, match=r"mine\.toml"):
        profile.load(str(path))


def test_a_profile_states_only_what_is_its_own(tmp_path: Path) -> None:
    own, generic = load(tmp_path, "name = 'mine'"), profile.load("generic")

    assert own.name == "mine"
    assert (own.endpoints, own.expect, own.keys) == (
        generic.endpoints,
        generic.expect,
        generic.keys,
    )


def test_tables_are_laid_over_and_lists_replaced(tmp_path: Path) -> None:
    own = load(
        tmp_path,
        """
        [protocols.openai]
        root = "/llm/v1"
        [expect.spent_cap]
        status = [402]
        [models]
        openai = "demo-1"
        [prices]
        "demo-1" = { input = 1, output = 2.5 }
        """,
    )

    bearer = CredentialStyle("authorization", "Bearer {key}")
    assert own.endpoints[Protocol.OPENAI] == Endpoint("/llm/v1", (bearer,))
    assert own.expect["spent_cap"].statuses == {402}
    assert "billing_error" in own.expect["spent_cap"].anthropic_types
    assert own.models == {"unsupported": "no-such-model-conformance", "openai": "demo-1"}
    assert own.prices == {"demo-1": Price(1, 2.5)}


def test_only_claimed_protocols_have_endpoints(tmp_path: Path) -> None:
    assert list(load(tmp_path, "claims = ['openai']").endpoints) == [Protocol.OPENAI]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        pytest.param("https://tokenhub.store/api/v1", "tokenhub", id="its host"),
        pytest.param("https://WWW.TokenHub.store:8443", "tokenhub", id="other case and port"),
        pytest.param("https://api.sandboxclaw.com/v1", "token-hub", id="another host"),
        pytest.param("https://tokenhub.store.evil.example/", "generic", id="host as a prefix"),
        pytest.param("https://eviltokenhub.store/", "generic", id="host as a suffix"),
        pytest.param("https://evil.example/tokenhub.store", "generic", id="host in the path"),
        pytest.param("https://tokenhub.store@evil.example/", "generic", id="host as a user"),
    ],
)
def test_the_host_of_a_url_chooses_the_profile(url: str, name: str) -> None:
    assert profile.of_host(url).name == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        pytest.param("authorization", "bearer", id="authorization"),
        pytest.param("Authorization", "bearer", id="in another case"),
        pytest.param("X-API-Key", "x-api-key", id="another header"),
    ],
)
def test_a_credential_style_has_a_name(header: str, name: str) -> None:
    assert CredentialStyle(header, "{key}").name == name
