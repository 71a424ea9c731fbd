"""Same protocol on both sides: what goes through a gateway goes through as it came."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from gateway_live import Live
from upstream_fake import (
    INPUT_NANOUSD,
    KEY,
    NAME,
    OUTPUT_NANOUSD,
    UPSTREAM_MODEL,
    Fake,
    anthropic_answer,
    anthropic_events,
    ask,
    before,
    event,
    fake,
    healthy,
    openai_answer,
    openai_events,
    plain,
    provider,
    silent,
    stream,
)

PROTOCOLS = pytest.mark.parametrize("protocol", ["anthropic", "openai"])
STREAMS = pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Fake]:
    """One provider for a module's tests."""
    with fake() as found:
        yield found


@pytest.fixture(scope="module")
def gateways(upstream: Fake) -> Iterator[dict[str, Live]]:
    """A gateway before the provider, for each protocol that it can speak."""
    with (
        before(provider(upstream, "anthropic")) as native,
        before(provider(upstream, "openai")) as chat,
    ):
        yield {"anthropic": native, "openai": chat}


def _post(gateway: Live, protocol: str, body: bytes, **headers: str) -> Any:
    path = "/v1/messages" if protocol == "anthropic" else "/v1/chat/completions"
    bearer = {"authorization": f"Bearer {gateway.running.key}"}
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return gateway.post(path, body, {**bearer, **fields})


@PROTOCOLS
def test_a_body_goes_through_byte_for_byte_but_for_the_model(
    gateways: dict[str, Live], upstream: Fake, protocol: str
) -> None:
    body = (
        b'{ "messages" : [{"role":"user","content":"caf\xc3\xa9 \\u00e9"}],\n "max_tokens":9,'
        b' "model" : "%s", "seed": 12345678901234567890123, "new_field": {"model": 1.50} }'
    )
    upstream.will(healthy(protocol, False))
    answer = _post(gateways[protocol], protocol, body % NAME.encode())

    assert answer.status_code == 200
    assert upstream.received[0].body == body % UPSTREAM_MODEL.encode()


@STREAMS
@PROTOCOLS
def test_an_answer_comes_back_with_the_name_that_was_asked_for(
    gateways: dict[str, Live], upstream: Fake, protocol: str, is_stream: bool
) -> None:
    upstream.will(healthy(protocol, is_stream))
    more = {"stream_options": {"include_usage": True}} if protocol == "openai" else {}
    asked = {"stream": True, **more} if is_stream else {}
    answer = ask(gateways[protocol], protocol, **asked)

    assert UPSTREAM_MODEL not in answer.text and f'"{NAME}"' in answer.text
    if not is_stream:
        made = anthropic_answer() if protocol == "anthropic" else openai_answer()
        sent = json.dumps(made)
    else:
        made = (
            anthropic_events("Hello.")
            if protocol == "anthropic"
            else openai_events("Hello.", usage=USAGE)
        )
        sent = b"".join(made).decode()
    assert answer.text == sent.replace(UPSTREAM_MODEL, NAME)


def test_comments_names_and_line_ends_of_a_stream_stay_as_they_came(
    gateways: dict[str, Live], upstream: Fake
) -> None:
    first, *others = openai_events("Hello.", usage=USAGE)
    sent = b": waiting\n\n" + first.replace(b"\n", b"\r\n") + b": alive\n\n" + b"".join(others)
    upstream.will(stream(*(bytes([byte]) for byte in sent)))
    answer = ask(gateways["openai"], "openai", stream=True, stream_options={"include_usage": True})

    assert answer.content == sent.replace(UPSTREAM_MODEL.encode(), NAME.encode())


@PROTOCOLS
def test_a_compressed_answer_is_asked_for_and_comes_back_readable(
    gateways: dict[str, Live], upstream: Fake, protocol: str
) -> None:
    answer = anthropic_answer() if protocol == "anthropic" else openai_answer()
    zipped = gzip.compress(json.dumps(answer).encode())
    for client in ("anthropic", "openai"):
        upstream.will(plain(zipped, content_encoding="gzip"))
        heard = ask(gateways[protocol], client)

        assert "gzip" in upstream.received[0].headers["accept-encoding"]
        assert "Hello." in heard.text and "content-encoding" not in heard.headers


def test_a_stream_is_asked_for_without_compression(
    gateways: dict[str, Live], upstream: Fake
) -> None:
    upstream.will(healthy("openai", True))
    ask(gateways["openai"], "openai", stream=True)
    assert upstream.received[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("is_half", [True, False], ids=["ends early", "is none"])
def test_an_answer_that_is_wrongly_compressed_is_a_502(
    gateways: dict[str, Live], upstream: Fake, is_half: bool
) -> None:
    zipped = gzip.compress(json.dumps(openai_answer()).encode())
    sent = zipped[: len(zipped) // 2] if is_half else b'{"choices": []}'
    upstream.will(plain(sent, content_encoding="gzip"))
    assert ask(gateways["openai"], "openai").status_code == 502


def test_a_dated_name_is_left_alone(gateways: dict[str, Live], upstream: Fake) -> None:
    upstream.will(plain(openai_answer(model=f"{NAME}-20260101")))
    assert ask(gateways["openai"], "openai").json()["model"] == f"{NAME}-20260101"


def test_what_the_client_means_for_the_provider_reaches_it_and_no_credential_does(
    gateways: dict[str, Live], upstream: Fake
) -> None:
    gateway, key = gateways["anthropic"], gateways["anthropic"].running.key
    upstream.will(healthy("anthropic", False))
    headers = {
        "x-api-key": key,
        "authorization": f"Bearer {key}",
        "cookie": f"session={key}",
        "x-goog-api-key": "other",
        "x-copy": f"of {key}",
        "x-forwarded-for": "192.0.2.1",
        "anthropic-beta": "one, two",
        "anthropic-version": "2024-01-01",
        "x-trace": "abc",
        "user-agent": "their-client/1",
    }
    body = {"model": NAME, "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}
    answer = gateway.post("/v1/messages?beta=true", body, headers)

    got = upstream.received[0]
    assert answer.status_code == 200 and got.query == "beta=true"
    assert key not in str(got) and "cookie" not in got.headers and "192.0.2.1" not in str(got)
    assert "x-goog-api-key" not in got.headers and "authorization" not in got.headers
    assert got.headers["x-api-key"] == KEY and got.headers["anthropic-version"] == "2024-01-01"
    assert got.headers["anthropic-beta"] == "one, two" and got.headers["x-trace"] == "abc"
    assert got.headers["user-agent"] == "their-client/1"
    assert KEY not in answer.text and KEY not in str(answer.headers)


def test_the_key_goes_to_an_openai_provider_as_bearer(
    gateways: dict[str, Live], upstream: Fake
) -> None:
    upstream.will(healthy("openai", False))
    ask(gateways["openai"], "openai")
    assert upstream.received[0].headers["authorization"] == f"Bearer {KEY}"
    assert upstream.received[0].path == "/v1/chat/completions"


@STREAMS
@PROTOCOLS
def test_the_usage_of_the_provider_is_what_is_charged(
    gateways: dict[str, Live], upstream: Fake, protocol: str, is_stream: bool
) -> None:
    gateway = gateways[protocol]
    key = gateway.new_key()
    upstream.will(healthy(protocol, is_stream))
    ask(gateway, protocol, key=key["key"], stream=is_stream)

    assert gateway.spent(key) == 7 * INPUT_NANOUSD + 3 * OUTPUT_NANOUSD


def test_cached_tokens_have_their_own_price(gateways: dict[str, Live], upstream: Fake) -> None:
    gateway = gateways["anthropic"]
    key = gateway.new_key()
    usage = {"input_tokens": 10, "output_tokens": 0, "cache_read_input_tokens": 1_000}
    usage["cache_creation_input_tokens"] = 100
    upstream.will(plain(anthropic_answer(usage={**usage, "output_tokens": 2})))
    answer = ask(gateway, "anthropic", key=key["key"])

    assert answer.json()["usage"] == {**usage, "output_tokens": 2}
    cost = (10 + 100 + 125) * INPUT_NANOUSD + 2 * OUTPUT_NANOUSD
    assert gateway.spent(key) == cost


def test_a_stream_without_usage_is_counted_here(gateways: dict[str, Live], upstream: Fake) -> None:
    gateway = gateways["openai"]
    key = gateway.new_key()
    upstream.will(stream(*openai_events("one two", " three")))
    assert ask(gateway, "openai", key=key["key"], stream=True).status_code == 200

    charge = gateway.control("GET", f"/charges?key={key['id']}")["charges"][0]
    assert charge["output_tokens"] == 3 and charge["input_tokens"] > 3


def test_usage_that_was_not_asked_for_is_asked_for_and_taken_out_again(
    gateways: dict[str, Live], upstream: Fake
) -> None:
    upstream.will(stream(*openai_events("Hello.", usage=USAGE)))
    answer = ask(gateways["openai"], "openai", stream=True)

    assert upstream.received[0].json["stream_options"] == {"include_usage": True}
    assert "usage" not in answer.text and answer.text.endswith("data: [DONE]\n\n")
    assert answer.text.count("data: ") == 4


def test_options_that_are_there_are_kept(gateways: dict[str, Live], upstream: Fake) -> None:
    upstream.will(stream(*openai_events("Hello.", usage=USAGE)))
    options = {"include_obfuscation": False, "include_usage": False}
    ask(gateways["openai"], "openai", stream=True, stream_options=options)
    assert upstream.received[0].json["stream_options"] == {**options, "include_usage": True}


def test_a_provider_that_does_not_know_stream_options_is_asked_without(
    gateways: dict[str, Live], upstream: Fake
) -> None:
    error = {"message": "Unrecognized request argument", "param": "stream_options"}
    upstream.will(plain({"error": error}, 400), stream(*openai_events("Hello.")))
    answer = ask(gateways["openai"], "openai", stream=True)

    assert answer.status_code == 200 and "Hello." in answer.text
    assert ["stream_options" in got.json for got in upstream.received] == [True, False]


def test_tokens_are_counted_by_an_anthropic_provider(
    gateways: dict[str, Live], upstream: Fake
) -> None:
    gateway = gateways["anthropic"]
    upstream.will(plain({"input_tokens": 4711}))
    body = {"model": NAME, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"x-api-key": gateway.running.key}
    answer = gateway.post("/v1/messages/count_tokens", body, headers)

    assert answer.json() == {"input_tokens": 4711}
    assert upstream.received[0].path == "/v1/messages/count_tokens"


def test_tokens_are_counted_here_for_any_other(gateways: dict[str, Live], upstream: Fake) -> None:
    gateway = gateways["openai"]
    upstream.will(silent)
    body = {"model": NAME, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"x-api-key": gateway.running.key}
    answer = gateway.post("/v1/messages/count_tokens", body, headers)

    assert answer.json()["input_tokens"] > 0 and upstream.received == []


@PROTOCOLS
def test_a_stream_that_breaks_off_ends_in_an_error_and_costs_nothing(
    gateways: dict[str, Live], upstream: Fake, protocol: str
) -> None:
    gateway = gateways[protocol]
    key = gateway.new_key()
    events = (
        anthropic_events("Hel", is_whole=False)
        if protocol == "anthropic"
        else openai_events("Hel", finish=None)
    )
    upstream.will(stream(*events, then="break"))
    answer = ask(gateway, protocol, key=key["key"], stream=True)

    last = answer.text.strip().split("\n\n")[-1]
    assert answer.status_code == 200 and "Hel" in answer.text and '"error"' in last
    assert "[DONE]" not in answer.text and "message_stop" not in answer.text
    assert gateway.spent(key) == 0 and len(upstream.received) == 1


@pytest.mark.parametrize(
    "ending",
    [b"", event("{not json"), event({"error": {"message": "gone", "type": "server_error"}})],
    ids=["clean end", "no JSON", "an error"],
)
def test_a_stream_that_is_not_complete_never_ends_clean(
    gateways: dict[str, Live], upstream: Fake, ending: bytes
) -> None:
    upstream.will(stream(*openai_events("Hel", finish=None), ending))
    answer = ask(gateways["openai"], "openai", stream=True)

    assert json.loads(answer.text.strip().split("data: ")[-1])["error"]["type"] == "server_error"
    assert "[DONE]" not in answer.text


def test_a_complete_stream_without_its_last_word_is_given_it(
    gateways: dict[str, Live], upstream: Fake
) -> None:
    upstream.will(stream(*openai_events("Hello.")[:-1]))
    answer = ask(gateways["openai"], "openai", stream=True)
    assert answer.text.endswith("data: [DONE]\n\n") and "error" not in answer.text


def test_events_without_names_get_them(gateways: dict[str, Live], upstream: Fake) -> None:
    nameless = [block.split(b"\n", 1)[1] for block in anthropic_events("Hello.")]
    upstream.will(stream(*nameless))
    answer = ask(gateways["anthropic"], "anthropic", stream=True)
    assert answer.text.count("event: ") == len(nameless)


@PROTOCOLS
@STREAMS
def test_a_client_that_leaves_ends_the_call_of_the_provider(
    gateways: dict[str, Live], upstream: Fake, protocol: str, is_stream: bool
) -> None:
    gateway = gateways[protocol]
    events = (
        anthropic_events("Hel", is_whole=False)
        if protocol == "anthropic"
        else openai_events("Hel", finish=None)
    )
    upstream.will(stream(*events, then="silence") if is_stream else silent)
    key = gateway.new_key()
    path = "/v1/messages" if protocol == "anthropic" else "/v1/chat/completions"
    body = {"model": NAME, "max_tokens": 50, "stream": is_stream}
    body["messages"] = [{"role": "user", "content": "Hi"}]
    headers = {"authorization": f"Bearer {key['key']}"}
    url = gateway.running.base_url + path
    if is_stream:
        with gateway.http.stream("POST", url, json=body, headers=headers) as answer:
            assert answer.status_code == 200
            next(answer.iter_raw())
    else:
        with pytest.raises(Exception, match="timed out"):
            gateway.http.post(url, json=body, headers=headers, timeout=0.2)

    assert upstream.received[0].left.wait(5)
    assert len(upstream.received) == 1
