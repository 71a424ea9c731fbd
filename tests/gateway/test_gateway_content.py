"""Content of the Messages protocol on the reference gateway: pictures, thinking, cache."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway_live import MODEL, Live

from conformance.scenarios.samples import GIF, JPEG, PDF, PNG, WEBP

ENABLED = {"type": "enabled", "budget_tokens": 1_024}
WEATHER = {"name": "get_weather", "input_schema": {"type": "object", "properties": {}}}
LONG = "harbour " * 2_000


def picture(media_type: str, data: str) -> dict[str, Any]:
    """An image block with the picture in it."""
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source}


def text(words: str, **more: Any) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": words, **more}


def said(answer: Any) -> str:
    """The text of an answer that was served."""
    assert answer.status_code == 200, answer.text
    return "".join(block.get("text", "") for block in answer.json()["content"])


def events(answer: Any) -> list[dict[str, Any]]:
    """The data of each event of a stream."""
    lines = [line for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize(
    ("media_type", "data", "seen"),
    [
        ("image/png", PNG, "image/png of 16x16 pixels all red"),
        ("image/gif", GIF, "image/gif of 16x16 pixels"),
        ("image/jpeg", JPEG, "image/jpeg"),
        ("image/webp", WEBP, "image/webp"),
    ],
)
def test_a_picture_is_named(gateway: Live, media_type: str, data: str, seen: str) -> None:
    answer = gateway.messages([{"role": "user", "content": [picture(media_type, data)]}])
    assert said(answer) == f"I see {seen}."


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(picture("image/jpeg", PNG), id="another format than declared"),
        pytest.param(picture("image/bmp", PNG), id="an unknown format"),
        pytest.param(picture("image/png", "%%%"), id="no base64"),
        pytest.param({"type": "image", "source": {"type": "url", "url": "file:///x"}}, id="a file"),
        pytest.param(
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PNG},
            },
            id="no PDF",
        ),
        pytest.param({"type": "hologram"}, id="an unknown block"),
    ],
)
def test_what_is_not_what_it_says_is_refused(gateway: Live, block: dict[str, Any]) -> None:
    answer = gateway.messages([{"role": "user", "content": [block]}])
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("messages.0.content.0")


def test_a_picture_costs_the_same_in_place_and_behind_a_url(gateway: Live) -> None:
    blocks = (
        picture("image/png", PNG),
        {"type": "image", "source": {"type": "url", "url": "https://pictures.example/a.png"}},
    )
    asked = [gateway.messages([{"role": "user", "content": [block]}]) for block in blocks]
    first, second = (answer.json()["usage"]["input_tokens"] for answer in asked)
    assert first == second > 85


def test_a_document_is_cited(gateway: Live) -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "Fog is 4711. Ships wait."}
    document = {"type": "document", "source": source, "title": "Harbour"}
    content = [document | {"citations": {"enabled": True}}, text("Quote it.")]
    block = gateway.messages([{"role": "user", "content": content}]).json()["content"][0]
    assert block["citations"][0]["cited_text"] == "Fog is 4711"
    assert block["citations"][0]["document_title"] == "Harbour"


def test_a_pdf_is_taken(gateway: Live) -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    answer = gateway.messages(
        [{"role": "user", "content": [{"type": "document", "source": source}]}]
    )
    assert "application/pdf" in said(answer)


def test_thinking_comes_first_and_is_counted(gateway: Live) -> None:
    body = gateway.messages("Add 2 and 2.", max_tokens=2_000, thinking=ENABLED).json()
    assert [block["type"] for block in body["content"]] == ["thinking", "text"]
    thought = body["usage"]["output_tokens_details"]["thinking_tokens"]
    assert 0 < thought < body["usage"]["output_tokens"]


def test_thinking_that_is_omitted_is_signed_all_the_same(gateway: Live) -> None:
    mode = {"type": "adaptive", "display": "omitted"}
    (block, _) = gateway.messages("Why? Explain.", thinking=mode).json()["content"]
    assert (block["thinking"], bool(block["signature"])) == ("", True)


def test_an_easy_question_is_not_thought_about(gateway: Live) -> None:
    body = gateway.messages("Say hello.", thinking={"type": "adaptive"}).json()
    assert [block["type"] for block in body["content"]] == ["text"]


def test_thinking_that_uses_up_the_budget_leaves_no_text(gateway: Live) -> None:
    mode = {"type": "adaptive"}
    body = gateway.messages("Why? Explain.", max_tokens=3, thinking=mode).json()
    assert (body["stop_reason"], body["usage"]["output_tokens"]) == ("max_tokens", 3)
    assert [block["type"] for block in body["content"]] == ["thinking"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({}, 200, id="as it came"),
        pytest.param({"thinking": "Something else."}, 400, id="another thought"),
        pytest.param({"signature": "Zm9yZ2Vk"}, 400, id="another signature"),
        pytest.param({"signature": "ü"}, 400, id="a signature that is none"),
    ],
)
def test_thinking_is_taken_back_unchanged_only(
    gateway: Live, changes: dict[str, str], status: int
) -> None:
    question = {"role": "user", "content": "Add 2 and 2."}
    content = gateway.messages("Add 2 and 2.", max_tokens=2_000, thinking=ENABLED).json()["content"]
    turn = {"role": "assistant", "content": [content[0] | changes, *content[1:]]}
    again = gateway.messages([question, turn, question])
    assert again.status_code == status


def test_redacted_thinking_is_taken_back_unchanged_only(gateway: Live) -> None:
    asked = {"role": "user", "content": "Do some redacted thinking."}
    body = gateway.messages([asked], max_tokens=2_000, thinking=ENABLED).json()
    content = body["content"]
    assert content[1]["type"] == "redacted_thinking"
    forged = [content[0], content[1] | {"data": "made-up"}, *content[2:]]
    statuses = [
        gateway.messages([asked, {"role": "assistant", "content": blocks}, asked]).status_code
        for blocks in (content, forged)
    ]
    assert statuses == [200, 400]


def test_text_is_said_before_the_call_where_that_is_asked_for(gateway: Live) -> None:
    asked = "First say what you do, then use the tool get_weather."
    body = gateway.messages(asked, tools=[WEATHER]).json()
    assert [block["type"] for block in body["content"]] == ["text", "tool_use"]


def test_arguments_are_split_inside_an_escape(gateway: Live) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = {"name": "get_weather", "input_schema": schema}
    answer = gateway.messages("What is the weather in Zürich?", tools=[tool], stream=True)
    deltas = [event["delta"] for event in events(answer) if event["type"] == "content_block_delta"]
    parts = [delta["partial_json"] for delta in deltas]
    assert json.loads("".join(parts)) == {"city": "Zürich"}
    assert any(part.endswith("\\") for part in parts)


def cached(gateway: Live, words: str = LONG, **control: str) -> dict[str, Any]:
    """The usage of a request whose system prompt is to be cached."""
    mark = {"type": "ephemeral", **control}
    answer = gateway.messages("Hi.", system=[text(words, cache_control=mark)])
    found: dict[str, Any] = answer.json()["usage"]
    return found


def test_a_prefix_is_written_then_read(gateway: Live) -> None:
    words = f"written then read {LONG}"
    first, second = cached(gateway, words), cached(gateway, words)
    assert first["cache_creation_input_tokens"] == second["cache_read_input_tokens"] > 1_024
    assert first["cache_read_input_tokens"] == second["cache_creation_input_tokens"] == 0
    assert first["input_tokens"] == second["input_tokens"]


def test_a_prefix_for_an_hour_is_counted_apart(gateway: Live) -> None:
    usage = cached(gateway, f"an hour {LONG}", ttl="1h")
    written = usage["cache_creation"]["ephemeral_1h_input_tokens"]
    assert written == usage["cache_creation_input_tokens"] > 0


def test_a_short_prefix_is_not_cached(gateway: Live) -> None:
    usages = [cached(gateway, "short") for _ in range(2)]
    assert [usage["cache_read_input_tokens"] for usage in usages] == [0, 0]


def test_a_cached_prefix_is_charged_at_its_own_rates(gateway: Live) -> None:
    key, words = gateway.new_key(), f"charged {LONG}"
    mark = [text(words, cache_control={"type": "ephemeral"})]
    for _ in range(2):
        gateway.messages("Hi.", key["key"], system=mark)
    charges = gateway.control("GET", f"/charges?key={key['id']}")["charges"]
    written, read = (charge["amount_nanousd"] for charge in charges)
    assert read < written / 5


def test_five_marks_are_too_many(gateway: Live) -> None:
    blocks = [text(f"{n}", cache_control={"type": "ephemeral"}) for n in range(5)]
    answer = gateway.messages([{"role": "user", "content": blocks}])
    assert answer.status_code == 400 and "Found 5" in answer.json()["error"]["message"]


def test_a_server_tool_is_refused_by_name(gateway: Live) -> None:
    answer = gateway.messages(tools=[{"type": "web_search_20250305", "name": "web_search"}])
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("tools.0.type")


def test_no_tokens_at_all_warm_the_cache(gateway: Live) -> None:
    body = gateway.messages("Hi.", max_tokens=0).json()
    assert (body["content"], body["stop_reason"]) == ([], "max_tokens")
    assert body["usage"]["output_tokens"] == 0 and body["model"] == MODEL
