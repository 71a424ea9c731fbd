"""Who is tested, and which key may go where."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import profile
from conformance.errors import UsageError
from conformance.kinds import Protocol
from conformance.secret import Secret
from conformance.target import (
    EMBEDDED,
    Target,
    Wish,
    is_loopback,
    profile_of,
    resolve,
    resolve_direct,
)

HUB, HOME, FOREIGN = "https://tokenhub.store/api", "http://127.0.0.1:8080", "https://other.example"
ENV = {"PYTEST_BASE_URL": "https://two.example", "BASE_URL": "https://three.example"}
TOKEN = {"TOKENHUB_API_KEY": "th-secretsecret"}
GATEWAY = {"GATEWAY_API_KEY": "gw-secretsecret"}


def valid(target: Target) -> str:
    """The key that would be sent, empty for none."""
    return target.keys["valid"].reveal() if "valid" in target.keys else ""


@pytest.mark.parametrize(
    ("wish", "environ", "expected"),
    [
        pytest.param(
            Wish(base_url=FOREIGN), ENV | TOKEN, (FOREIGN, "--base-url"), id="the option first"
        ),
        pytest.param(
            Wish(), ENV | TOKEN, ("https://two.example", "PYTEST_BASE_URL"), id="then ours"
        ),
        pytest.param(
            Wish(),
            {"BASE_URL": HUB} | TOKEN,
            (HUB, "BASE_URL"),
            id="BASE_URL beside TOKENHUB_API_KEY",
        ),
        pytest.param(
            Wish(profile="generic"), {"BASE_URL": HUB}, (HUB, "BASE_URL"), id="BASE_URL, profile"
        ),
        pytest.param(Wish(), {"BASE_URL": HUB}, ("", EMBEDDED), id="BASE_URL alone"),
        pytest.param(Wish(), {"BASE_URL": HUB} | GATEWAY, ("", EMBEDDED), id="BASE_URL, our key"),
        pytest.param(Wish(), {}, ("", EMBEDDED), id="nothing said"),
        pytest.param(Wish(), {"PYTEST_BASE_URL": ""}, ("", EMBEDDED), id="empty variable"),
    ],
)
def test_the_base_url_comes_from_the_first_that_says_one(
    wish: Wish, environ: dict[str, str], expected: tuple[str, str]
) -> None:
    target = resolve(wish, environ)

    assert (target.base_url, target.origin) == expected
    assert target.is_embedded is (expected[1] == EMBEDDED)


@pytest.mark.parametrize(
    ("wish", "environ", "name"),
    [
        pytest.param(Wish(), {}, "reference", id="the embedded gateway"),
        pytest.param(Wish(base_url=HUB), {}, "tokenhub", id="by the host"),
        pytest.param(Wish(base_url=FOREIGN), {}, "generic", id="a host that none names"),
        pytest.param(Wish(base_url=HUB, profile="generic"), {}, "generic", id="the option first"),
        pytest.param(Wish(), {"BASE_URL": FOREIGN} | TOKEN, "tokenhub", id="the documented pair"),
        pytest.param(
            Wish(),
            {"BASE_URL": "https://api.sandboxclaw.com"} | TOKEN,
            "token-hub",
            id="the documented pair at another's host",
        ),
        pytest.param(Wish(), {"PYTEST_BASE_URL": FOREIGN} | TOKEN, "generic", id="no such pair"),
    ],
)
def test_the_profile_comes_from_the_option_or_the_host(
    wish: Wish, environ: dict[str, str], name: str
) -> None:
    assert profile_of(wish, environ).name == name


@pytest.mark.parametrize(
    ("wish", "environ", "key"),
    [
        pytest.param(Wish(base_url=HUB), TOKEN, "th-secretsecret", id="its own host"),
        pytest.param(
            Wish(base_url=HUB), TOKEN | GATEWAY, "th-secretsecret", id="its own variable first"
        ),
        pytest.param(Wish(base_url=HUB), GATEWAY, "gw-secretsecret", id="ours to its host"),
        pytest.param(Wish(base_url=FOREIGN), TOKEN, "", id="never to a foreign host"),
        pytest.param(
            Wish(base_url=FOREIGN, profile="tokenhub"), TOKEN, "", id="nor with its profile"
        ),
        pytest.param(Wish(), {"BASE_URL": FOREIGN} | TOKEN, "", id="nor as the documented pair"),
        pytest.param(
            Wish(base_url="https://tokenhub.store.evil.example", profile="tokenhub"),
            TOKEN,
            "",
            id="nor to a host that looks like it",
        ),
        pytest.param(
            Wish(base_url="http://127.0.0.1.evil.example", profile="tokenhub"),
            TOKEN,
            "",
            id="nor to a name that looks like loopback",
        ),
        pytest.param(
            Wish(base_url=FOREIGN, profile="tokenhub"),
            TOKEN | GATEWAY,
            "gw-secretsecret",
            id="ours to a foreign host",
        ),
        pytest.param(Wish(base_url=FOREIGN), GATEWAY, "gw-secretsecret", id="ours to any host"),
        pytest.param(
            Wish(base_url=HOME, profile="tokenhub"), TOKEN, "", id="nor to whatever runs here"
        ),
        pytest.param(
            Wish(), {"BASE_URL": HOME} | TOKEN, "th-secretsecret", id="the documented pair here"
        ),
        pytest.param(Wish(base_url=HOME), TOKEN, "", id="loopback with another profile"),
        pytest.param(Wish(), TOKEN | GATEWAY, "", id="the embedded gateway gets none"),
        pytest.param(
            Wish(profile="tokenhub"), TOKEN | GATEWAY, "", id="the embedded one with a profile"
        ),
        pytest.param(Wish(base_url=FOREIGN), {"GATEWAY_API_KEY": ""}, "", id="empty variable"),
        pytest.param(
            Wish(base_url=FOREIGN), {"GATEWAY_API_KEY": " gw-1\n"}, "gw-1", id="space around it"
        ),
    ],
)
def test_a_key_goes_only_where_it_belongs(wish: Wish, environ: dict[str, str], key: str) -> None:
    assert valid(resolve(wish, environ)) == key


@pytest.mark.parametrize("role", ["capped", "broke", "revoked"])
def test_each_role_has_a_variable_of_its_own(role: str) -> None:
    found = resolve(Wish(base_url=FOREIGN), {f"GATEWAY_{role.upper()}_KEY": "gw-1"})

    assert found.keys == {role: Secret("gw-1")}


def test_a_key_file_goes_before_every_variable(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("gw-file\n")

    found = resolve(Wish(base_url=HUB, key_file=str(tmp_path / "key")), TOKEN | GATEWAY)

    assert valid(found) == "gw-file"


def test_a_profile_may_name_a_key_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("gw-file")
    own = tmp_path / "own.toml"
    own.write_text(f"[keys.capped]\nenv = []\nfile = '{tmp_path / 'key'}'")

    found = resolve(Wish(base_url=FOREIGN, profile=str(own)), {})

    assert found.keys == {"capped": Secret("gw-file")}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="white space"),
        pytest.param(b"gw-1\ngw-2", id="two keys"),
        pytest.param(b"KEY = gw-1", id="an assignment"),
        pytest.param("gw-schlüssel".encode(), id="no ASCII"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"gw-1\x00", id="a control character"),
    ],
)
def test_a_key_file_that_holds_no_key_is_refused_without_its_content(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(UsageError, match="--api-key-file") as caught:
        resolve(Wish(base_url=FOREIGN, key_file=str(tmp_path / "key")), {})

    assert "gw-" not in str(caught.value)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none cannot be read: No such file"):
        resolve(Wish(base_url=FOREIGN, key_file=str(tmp_path / "none")), {})


def test_a_variable_that_holds_no_key_is_refused_without_its_value() -> None:
    with pytest.raises(UsageError, match="GATEWAY_API_KEY: expected one key") as caught:
        resolve(Wish(base_url=FOREIGN), {"GATEWAY_API_KEY": "gw one"})

    assert "gw one" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://user:pw@gateway.example", id="user and password"),
        pytest.param("https://gw-secret@gateway.example", id="user"),
        pytest.param("https://:gw-secret@gateway.example", id="password"),
        pytest.param("https://gateway.example?key=1", id="query"),
        pytest.param("https://gateway.example/v1#top", id="fragment"),
        pytest.param("https://gateway.example:99999", id="port out of range"),
        pytest.param("https://gateway.example:0", id="port 0"),
        pytest.param("https://gateway.example:http", id="port that is no number"),
        pytest.param("https://[::1", id="half an address"),
        pytest.param("ftp://gateway.example", id="another scheme"),
        pytest.param("gateway.example/v1", id="no scheme"),
        pytest.param("localhost:8080", id="no scheme, but a port"),
        pytest.param("https:///v1", id="no host"),
        pytest.param("https://", id="nothing but a scheme"),
    ],
)
def test_a_base_url_that_cannot_be_used_is_refused_without_credentials(url: str) -> None:
    with pytest.raises(UsageError, match=r"--base-url: found .*expected http://host") as caught:
        resolve(Wish(base_url=url), {})

    assert "gw-secret" not in str(caught.value) and "pw" not in str(caught.value)


def test_a_wrong_url_of_the_environment_names_its_variable() -> None:
    with pytest.raises(UsageError, match=r"^PYTEST_BASE_URL: "):
        resolve(Wish(), {"PYTEST_BASE_URL": "x"})


def test_a_trailing_slash_is_dropped() -> None:
    assert resolve(Wish(base_url=f"{FOREIGN}/v1//"), {}).base_url == f"{FOREIGN}/v1"


@pytest.mark.parametrize(
    ("wish", "environ", "expected"),
    [
        pytest.param(Wish(), {}, ("claude-haiku-4-5",) * 2, id="the profile's"),
        pytest.param(Wish(), {"GATEWAY_MODEL": "env"}, ("env", "env"), id="the variable"),
        pytest.param(Wish(model="m"), {"GATEWAY_MODEL": "env"}, ("m", "m"), id="the option first"),
        pytest.param(
            Wish(model="m", model_openai="o"), {}, ("m", "o"), id="the protocol's own first"
        ),
        pytest.param(
            Wish(model_anthropic="a"), {"GATEWAY_MODEL": "env"}, ("a", "env"), id="one own"
        ),
        pytest.param(
            Wish(model_anthropic="a", model_openai="o"), {}, ("a", "o"), id="both their own"
        ),
    ],
)
def test_models_come_from_the_option_that_is_closest(
    wish: Wish, environ: dict[str, str], expected: tuple[str, str]
) -> None:
    models = resolve(Wish(**{**vars(wish), "base_url": HUB}), environ).models

    assert (models["anthropic"], models["openai"]) == expected
    assert models["unsupported"] == "no-such-model-conformance"


def test_the_embedded_gateway_is_not_asked_for_the_model_of_the_environment() -> None:
    models = resolve(Wish(), {"GATEWAY_MODEL": "gpt-4o"}).models

    assert models["openai"] == profile.load("reference").models["openai"]


def with_headers(tmp_path: Path) -> str:
    """A profile that sends a literal header and one from the environment."""
    own = tmp_path / "own.toml"
    own.write_text("[headers]\nx-tenant = 'acme'\nx-pass = 'env:TENANT_PASS'")
    return str(own)


def test_headers_come_from_the_profile_and_the_environment(tmp_path: Path) -> None:
    wish = Wish(base_url=FOREIGN, profile=with_headers(tmp_path))

    found = resolve(wish, {"TENANT_PASS": "s3cr3t"})

    assert found.headers == {"x-tenant": Secret("acme"), "x-pass": Secret("s3cr3t")}
    assert found.hidden == ("x-pass",)


def test_the_secret_headers_of_a_provider_are_known_as_secrets(tmp_path: Path) -> None:
    wish = Wish(reference_url=FOREIGN, reference_profile=with_headers(tmp_path))

    found = resolve_direct(wish, {"TENANT_PASS": "s3cr3t", "GATEWAY_REFERENCE_KEY": "gw-1"})

    assert found is not None and found.hidden == ("x-pass",)
    assert found.secrets == (Secret("gw-1"), Secret("s3cr3t"))


@pytest.mark.parametrize(
    ("variable", "hosts"),
    [
        pytest.param("OWN_KEY", "['own.example']", id="a profile of another host"),
        pytest.param("OWN_KEY", "[]", id="a profile of no host"),
        pytest.param("TOKENHUB_API_KEY", "['own.example']", id="TokenHub's, from --base-url"),
    ],
)
def test_a_variable_of_a_profile_does_not_go_to_loopback(
    tmp_path: Path, variable: str, hosts: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(f"hosts = {hosts}\n[keys.valid]\nenv = ['{variable}']")

    found = resolve(Wish(base_url=HOME, profile=str(own)), {variable: "gw-1"})

    assert valid(found) == ""


def test_a_header_whose_variable_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"headers.x-pass: the variable TENANT_PASS is not set"):
        resolve(Wish(base_url=FOREIGN, profile=with_headers(tmp_path)), {})


@pytest.mark.parametrize(
    ("protocols", "expected"),
    [
        pytest.param((), {Protocol.ANTHROPIC, Protocol.OPENAI}, id="all that are claimed"),
        pytest.param(("openai",), {Protocol.OPENAI}, id="one"),
        pytest.param(("openai", "anthropic"), {Protocol.ANTHROPIC, Protocol.OPENAI}, id="both"),
    ],
)
def test_a_run_keeps_to_the_protocols_asked_for(
    protocols: tuple[str, ...], expected: set[Protocol]
) -> None:
    assert set(profile_of(Wish(protocols=protocols), {}).endpoints) == expected


@pytest.mark.parametrize(("asked", "expected"), [("", "2023-06-01"), ("2026-10-21", "2026-10-21")])
def test_a_run_speaks_the_version_asked_for(asked: str, expected: str) -> None:
    found = profile_of(Wish(anthropic_version=asked), {}).endpoints

    assert {name: end.version for name, end in found.items()} == {
        Protocol.ANTHROPIC: expected,
        Protocol.OPENAI: "",
    }


def test_a_version_of_a_protocol_that_is_not_judged_is_refused() -> None:
    with pytest.raises(UsageError, match="--anthropic-version: the Anthropic protocol is not"):
        profile_of(Wish(anthropic_version="2026-10-21", protocols=("openai",)), {})


def test_a_protocol_that_is_not_claimed_is_refused() -> None:
    with pytest.raises(UsageError, match="--protocol: the profile token-hub does not claim anth"):
        profile_of(Wish(profile="token-hub", protocols=("anthropic",)), {})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("http://127.0.0.1:8080", True, id="IPv4"),
        pytest.param("http://127.8.9.1", True, id="any of 127/8"),
        pytest.param("http://[::1]:8080", True, id="IPv6"),
        pytest.param("http://LOCALHOST", True, id="name"),
        pytest.param("http://0.0.0.0", False, id="every address"),
        pytest.param("http://10.0.0.1", False, id="private network"),
        pytest.param("http://localhost.evil.example", False, id="name as a prefix"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_loopback_is_told_by_the_host(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


@pytest.mark.parametrize(
    ("url", "host"),
    [
        pytest.param(f"{HOME}/v1", "127.0.0.1-8080", id="with its port"),
        pytest.param(FOREIGN, "other.example", id="without port"),
        pytest.param("http://[::1]:80", "__1-80", id="IPv6"),
    ],
)
def test_the_host_can_name_a_folder(url: str, host: str) -> None:
    assert resolve(Wish(base_url=url), {}).host == host


def test_the_embedded_gateway_has_a_host_before_it_is_started() -> None:
    assert resolve(Wish(), {}).host == "embedded"


def test_the_embedded_gateway_once_started_has_its_url_and_key() -> None:
    started = resolve(Wish(), {}).started(HOME, Secret("th-made"))

    assert (started.base_url, valid(started), started.is_embedded) == (HOME, "th-made", True)
