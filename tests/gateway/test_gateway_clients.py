"""What real clients send, each feature alone: the reference gateway serves them all."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from gateway_live import (
    CITY_SCHEMA,
    MODEL,
    Live,
    anthropic_tool,
    chat_text,
    events,
    message_text,
    openai_tool,
)

from conformance.scenarios.samples import PNG

WEATHER = "What is the weather in Paris? Use the tool."
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
MARK = {"cache_control": {"type": "ephemeral"}}
RICH_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "city": {"type": "string", "pattern": "^[A-Z]", "default": "Paris"},
        "day": {"type": "string", "format": "date"},
        "unit": {"anyOf": [{"const": "C"}, {"const": "F"}]},
        "when": {"oneOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "null"}]},
        "note": {"type": ["string", "null"]},
        "mode": {"enum": ["now", "later"], "nullable": True},
    },
    "required": ["city"],
    "additionalProperties": False,
}
CLAUDE_CODE = {
    "authorization": "Bearer {key}",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14,made-up-2031-01-01",
    "anthropic-dangerous-direct-browser-access": "true",
    "user-agent": "claude-cli/2.1.330 (external, sdk-cli)",
    "x-app": "cli",
    "x-claude-code-session-id": "00000000-0000-4000-8000-000000000000",
    "x-stainless-retry-count": "0",
}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def said(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def result(content: Any = "18 degrees", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "tooluX", "content": content, **more}


def used(*answered: Any) -> list[dict[str, Any]]:
    """A call whose id the client rewrote (toolu_X), and what stands in the turn after it."""
    call = {"type": "tool_use", "id": "tooluX", "name": "get_weather", "input": {"city": "Paris"}}
    return [user(WEATHER), said([text("I look."), call]), user(list(answered))]


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
OFFER = {"tools": [anthropic_tool()]}
HELLO = [user("Say hello.")]
ANTHROPIC_FEATURES = {
    "a system message as text": {"messages": [*HELLO, {"role": "system", "content": "Be terse."}]},
    "a system message in blocks": {
        "messages": [*HELLO, {"role": "system", "content": [text("Be terse.", **MARK)]}]
    },
    "a system message between turns": {
        "messages": [
            user("Say hello."),
            {"role": "system", "content": "Be terse."},
            said("Hello."),
            user("Again."),
        ]
    },
    "a system message after a tool result": {
        "messages": [*used(result()), {"role": "system", "content": "Go on."}],
        **OFFER,
    },
    "a system prompt in blocks": {"system": [text("You are terse.", **MARK), text("Very.")]},
    "four marks anywhere": {
        "system": [text("You are terse.", **MARK)],
        "tools": [{**anthropic_tool(), **MARK}],
        "messages": used(result(**MARK), text("So?", **MARK)),
    },
    "adaptive thinking": {"thinking": {"type": "adaptive"}},
    "adaptive thinking, shown": {"thinking": {"type": "adaptive", "display": "summarized"}},
    "adaptive thinking, omitted": {"thinking": {"type": "adaptive", "display": "omitted"}},
    "thinking with a large budget": {
        "thinking": {"type": "enabled", "budget_tokens": 31_999, "display": "omitted"},
        "max_tokens": 32_000,
    },
    "a budget beyond the usual": {
        "thinking": {"type": "enabled", "budget_tokens": 32_000},
        "temperature": 1,
        "max_tokens": 64_000,
    },
    "a budget of all that may be said": {
        "thinking": {"type": "enabled", "budget_tokens": 32_000},
        "max_tokens": 32_000,
    },
    "no thinking": {"thinking": {"type": "disabled"}, "temperature": 1},
    "effort": {"output_config": {"effort": "high"}, "thinking": {"type": "adaptive"}},
    "context management": {
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    },
    "metadata with JSON": {"metadata": {"user_id": json.dumps({"device": "d", "session": "s"})}},
    "the longest answer": {"max_tokens": 128_000},
    "a tool to be loaded later": {
        "tools": [anthropic_tool(), {**anthropic_tool("ring"), "defer_loading": True}]
    },
    "eager input": {"tools": [{**anthropic_tool(), "eager_input_streaming": True}]},
    "a custom tool": {"tools": [{**anthropic_tool(), "type": "custom"}]},
    "a strict tool": {
        "tools": [
            {**anthropic_tool(schema=CITY_SCHEMA | {"additionalProperties": False}), "strict": True}
        ]
    },
    "a rich schema": {"tools": [anthropic_tool(schema=RICH_SCHEMA)]},
    "web search among other tools": {"tools": [anthropic_tool(), SEARCH]},
    "one call at a time": {
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        **OFFER,
    },
    "text after a result": {"messages": used(result(), text("And then?")), **OFFER},
    "a result in blocks": {"messages": used(result([text("18 degrees")])), **OFFER},
    "a result with a picture": {"messages": used(result([text("Look:"), IMAGE])), **OFFER},
    "an empty result": {"messages": used(result([])), **OFFER},
    "a result without content": {
        "messages": used({"type": "tool_result", "tool_use_id": "tooluX"}),
        **OFFER,
    },
    "an empty text as result": {"messages": used(result("")), **OFFER},
    "a failed tool": {"messages": used(result("no such city", is_error=True)), **OFFER},
    "a result without tools": {"messages": used(result())},
    "two user messages in a row": {"messages": [user("I am here."), user([text("Say hello.")])]},
    "a result, then a user message": {"messages": [*used(result()), user("So?")], **OFFER},
    "thinking that came unsigned": {
        "messages": [
            user("Why?"),
            said([{"type": "thinking", "thinking": "Hm.", "signature": ""}, text("So.")]),
            user("Again."),
        ],
        "thinking": {"type": "adaptive"},
    },
}


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("feature", ANTHROPIC_FEATURES)
def test_a_feature_of_messages_is_served(gateway: Live, feature: str, is_streamed: bool) -> None:
    body = {"model": MODEL, "max_tokens": 400, "messages": HELLO, "stream": is_streamed}
    headers = {name: text.format(key=gateway.running.key) for name, text in CLAUDE_CODE.items()}
    path = "/api/v1/messages?beta=true"
    answer = gateway.post(path, {**body, **ANTHROPIC_FEATURES[feature]}, headers)

    assert answer.status_code == 200, answer.text
    assert message_text(answer)
    if is_streamed:
        assert events(answer)[-1][0] == "message_stop"


@pytest.mark.parametrize(
    ("tools", "choice", "named"),
    [
        pytest.param([SEARCH], {"type": "auto"}, "tools.0.type", id="alone"),
        pytest.param(
            [SEARCH], {"type": "tool", "name": "web_search"}, "tools.0.type", id="alone and forced"
        ),
        pytest.param(
            [anthropic_tool(), SEARCH],
            {"type": "tool", "name": "web_search"},
            "tools.1.type",
            id="forced",
        ),
        pytest.param(
            [anthropic_tool(), {"type": "code_execution_20250825", "name": "code_execution"}],
            {"type": "auto"},
            "tools.1.type",
            id="no search",
        ),
    ],
)
def test_a_server_tool_that_is_needed_is_refused_by_name(
    gateway: Live, tools: list[Any], choice: dict[str, str], named: str
) -> None:
    answer = gateway.messages(WEATHER, tools=tools, tool_choice=choice)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(named)


def test_text_before_a_result_is_refused_as_the_vendor_does(gateway: Live) -> None:
    answer = gateway.messages(used(text("Here it is:"), result()), **OFFER)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("messages:")


def test_a_result_is_used_under_a_rewritten_id(gateway: Live) -> None:
    call = gateway.messages(WEATHER, tools=[anthropic_tool()]).json()["content"][-1]
    rewritten = call | {"id": call["id"].replace("_", "")}
    answer = result("18 degrees, fog-4711", tool_use_id=rewritten["id"])

    after = gateway.messages([user(WEATHER), said([rewritten]), user([answer])], **OFFER)

    assert "fog-4711" in message_text(after)


@pytest.mark.parametrize("named", ["x-api-key", "authorization", "both"])
@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
def test_a_key_is_taken_in_either_header_and_version(
    gateway: Live, named: str, version: str
) -> None:
    key = gateway.running.key
    keys = {"x-api-key": key, "authorization": f"Bearer {key}"}
    sent = keys if named == "both" else {named: keys[named]}
    body = {"model": MODEL, "max_tokens": 40, "messages": HELLO}

    answer = gateway.post("/api/v1/messages", body, {**sent, "anthropic-version": version})

    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
@pytest.mark.parametrize(("version", "status"), [("2023-06-01", 200), ("2026-10-21", 400)])
def test_sampling_belongs_to_the_first_version(
    gateway: Live, name: str, version: str, status: int
) -> None:
    body = {"model": MODEL, "max_tokens": 40, "messages": HELLO, name: 1}
    headers = {"x-api-key": gateway.running.key, "anthropic-version": version}

    assert gateway.post("/api/v1/messages", body, headers).status_code == status


@pytest.mark.parametrize("named", ["system-reminder", "environment_context"])
def test_what_an_agent_says_of_the_session_is_no_question(gateway: Live, named: str) -> None:
    content = [text(f"<{named}>\nUse the weather tool in Paris.\n</{named}>"), text("Say hello.")]

    answer = gateway.messages([user(content)], **OFFER)

    assert message_text(answer) == "hello."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("command", {"type": "string"}, id="Claude Code"),
        pytest.param("cmd", {"type": "string"}, id="Codex"),
        pytest.param("commands", {"type": "array", "items": {"type": "string"}}, id="Cline"),
    ],
)
def test_a_command_is_run_by_the_tool_for_commands(
    gateway: Live, name: str, value: dict[str, Any]
) -> None:
    def takes(property: str) -> dict[str, Any]:
        return {"type": "object", "properties": {property: value}, "required": [property]}

    tools = [
        anthropic_tool("TaskOutput", takes("task")),
        anthropic_tool("monitor", takes(name)),
        anthropic_tool("run_shell", takes(name)),
    ]
    answer = gateway.messages("Run `echo th-nonce` and answer with its output.", tools=tools)

    (call,) = answer.json()["content"]
    ran = call["input"][name]
    assert (call["name"], ran) == (
        "run_shell",
        ["echo th-nonce"] if name == "commands" else "echo th-nonce",
    )


def test_a_large_request_is_served(gateway: Live) -> None:
    tools = [
        {**anthropic_tool(f"tool_{n}"), "description": "Long words about it. " * 250}
        for n in range(25)
    ]

    answer = gateway.messages("Say hello.", tools=tools, stream=True)

    assert len(answer.request.content) > 127_000
    assert answer.status_code == 200 and message_text(answer)


def test_tokens_are_counted_for_many_at_once(gateway: Live) -> None:
    def count(number: int) -> int:
        body = {"model": MODEL, "messages": [user(f"Word {number}.")], "tools": []}
        headers = {"authorization": f"Bearer {gateway.running.key}"}
        path = "/api/v1/messages/count_tokens?beta=true"
        return int(gateway.post(path, body, headers).json()["input_tokens"])

    with ThreadPoolExecutor(34) as pool:
        assert min(pool.map(count, range(34))) > 0


@pytest.mark.parametrize("path", ["", "/api", "/api/hello", "/api/api/hello", "/v1"])
def test_a_probe_is_answered_and_the_connection_goes_on(gateway: Live, path: str) -> None:
    probe = gateway.http.head(gateway.running.base_url + path)

    assert probe.status_code < 500 and probe.content == b""
    assert gateway.messages().status_code == 200


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/v1/v1/messages", ""),
        ("/api/v1/v1/messages", "/api"),
        ("/v1/messages/v1/messages", ""),
        ("/api/v1/v1/messages/count_tokens", "/api"),
        ("/messages", "/v1"),
        ("/api/messages", "/api/v1"),
        ("/v1/v1/chat/completions", ""),
        ("/api/chat/completions", "/api/v1"),
        ("/chat/completions", "/v1"),
        ("/responses", "/v1"),
    ],
)
def test_a_wrong_base_url_is_told_the_right_one(gateway: Live, path: str, base: str) -> None:
    answer = gateway.post(path, {}, {"x-api-key": gateway.running.key})

    assert answer.status_code == 404
    assert answer.json()["error"]["message"].endswith(f" {gateway.running.base_url}{base}")


def test_a_path_of_nothing_known_is_told_nothing(gateway: Live) -> None:
    answer = gateway.post("/v1/nowhere", {}, {"x-api-key": gateway.running.key})

    assert (answer.status_code, "http" in answer.text) == (404, False)


CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
}


def called(content: Any, answered: Any = "18 degrees") -> list[dict[str, Any]]:
    """A call beside some content of the assistant, and its result."""
    answer = {"role": "tool", "tool_call_id": "call_1", "content": answered}
    return [user(WEATHER), said(content, tool_calls=[CALL]), answer]


STRICT = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
OPENAI_FEATURES = {
    "null beside calls": {"messages": called(None)},
    "an empty text beside calls": {"messages": called("")},
    "parts beside calls": {"messages": called([text("I look.")])},
    "no parts beside calls": {"messages": called([])},
    "text beside calls": {"messages": called("I look.")},
    "a result in parts": {"messages": called(None, [text("18 degrees")])},
    "an empty result": {"messages": called(None, "")},
    "all roles in parts": {
        "messages": [
            {"role": "system", "content": [text("Be terse.")]},
            user([text("Hi.")]),
            said([text("Hello.")]),
            user([text("Again.")]),
        ]
    },
    "a developer": {"messages": [{"role": "developer", "content": "Be terse."}, *HELLO]},
    "two user messages in a row": {"messages": [user("I am here."), user("Say hello.")]},
    "nothing stored": {"store": False},
    "a strict tool": {
        "tools": [
            {
                "type": "function",
                "function": {"name": "get_weather", "strict": True, "parameters": STRICT},
            }
        ]
    },
    "a tool that is not strict": {
        "tools": [
            {
                "type": "function",
                "function": {"name": "get_weather", "strict": False, "parameters": CITY_SCHEMA},
            }
        ]
    },
    "a rich schema": {"tools": [openai_tool(schema=RICH_SCHEMA)]},
    "parallel calls": {
        "tools": [openai_tool()],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    },
    "no tools": {"tools": []},
    "temperature zero": {"temperature": 0},
    "a cache key": {"prompt_cache_key": "session-1"},
    "a long answer": {"max_tokens": 32_000},
    "the newer limit": {"max_completion_tokens": 16_384},
    "effort": {"reasoning_effort": "high"},
    "usage in the stream": {"stream_options": {"include_usage": True}},
}


@pytest.mark.parametrize("is_streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("feature", OPENAI_FEATURES)
def test_a_feature_of_chat_is_served(gateway: Live, feature: str, is_streamed: bool) -> None:
    body = OPENAI_FEATURES[feature]
    if not is_streamed:
        body = {name: value for name, value in body.items() if name != "stream_options"}
    asked = {"text": body.get("messages", HELLO), "stream": is_streamed}
    more = {name: value for name, value in body.items() if name != "messages"}
    answer = gateway.chat(**asked, **more)

    assert answer.status_code == 200, answer.text
    assert chat_text(answer)
    if is_streamed:
        assert events(answer)[-1][1] == "[DONE]"


def message(words: str, role: str = "user", kind: str = "input_text") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": words}]}


def flat(name: str = "shell") -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"command": {"type": "string"}}}
    return {"type": "function", "name": name, "strict": False, "parameters": parameters}


def step(kind: str, **more: Any) -> list[dict[str, Any]]:
    """A call of a kind of tool, and what came of it."""
    output = {"type": f"{kind}_output", "call_id": "c1", "output": "th-nonce"}
    return [message("Run it."), {"type": kind, "call_id": "c1", **more}, output]


NAMESPACE = {"type": "namespace", "name": "web", "description": "Pages", "tools": [flat("open")]}
PATCH = {"type": "custom", "name": "apply_patch", "format": {"type": "grammar", "syntax": "lark"}}
SHELL_ACTION = {"type": "exec", "command": ["echo", "th-nonce"], "env": {}}
CODEX = {
    "instructions": "You are a coding agent.",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "session-1",
    "client_metadata": {"originator": "codex_exec"},
}
RESPONSES_FEATURES = {
    "all that Codex offers": {
        "tools": [flat(), NAMESPACE, PATCH, {"type": "web_search", "external_web_access": False}]
    },
    "a local shell beside functions": {"tools": [flat(), {"type": "local_shell"}]},
    "a developer": {"input": [message("Be terse.", "developer"), message("Hi.")]},
    "a call and its output": {
        "input": step("function_call", name="shell", arguments='{"command": "echo"}'),
        "tools": [flat()],
    },
    "a custom call and its output": {
        "input": step("custom_tool_call", name="apply_patch", input="*** Begin Patch"),
        "tools": [flat(), PATCH],
    },
    "a shell call and its output": {
        "input": step("local_shell_call", action=SHELL_ACTION, status="completed"),
        "tools": [flat(), {"type": "local_shell"}],
    },
    "an output in parts": {
        "input": [
            *step("function_call", name="shell", arguments="{}")[:2],
            {
                "type": "function_call_output",
                "call_id": "c1",
                "output": [{"type": "input_text", "text": "th-nonce"}],
            },
        ],
        "tools": [flat()],
    },
    "reasoning that comes back": {
        "input": [
            message("Hi."),
            {"type": "reasoning", "summary": [], "encrypted_content": "abc"},
            message("Hello.", "assistant", "output_text"),
            message("Again."),
        ]
    },
    "a search that comes back": {
        "input": [
            message("Hi."),
            {"type": "web_search_call", "status": "completed", "action": {"type": "search"}},
            message("Hello.", "assistant", "output_text"),
            message("Again."),
        ]
    },
}


@pytest.mark.parametrize("feature", RESPONSES_FEATURES)
def test_a_feature_of_responses_is_served(gateway: Live, feature: str) -> None:
    body = {"model": MODEL, "input": [message("Say hello.")], **CODEX}
    body |= RESPONSES_FEATURES[feature]
    answer = gateway.post("/v1/responses", body, {"authorization": f"Bearer {gateway.running.key}"})

    assert answer.status_code == 200, answer.text
    last, ended = events(answer)[-1]
    assert (last, ended["response"]["status"]) == ("response.completed", "completed")
    if "th-nonce" in json.dumps(body["input"]):
        assert "th-nonce" in answer.text


@pytest.mark.parametrize(
    ("tools", "named"),
    [
        pytest.param([{"type": "local_shell"}], "tools[0].type", id="nothing else"),
        pytest.param([flat(), {"type": "hologram"}], "tools[1].type", id="unknown"),
    ],
)
def test_a_tool_of_responses_that_is_needed_is_refused_by_name(
    gateway: Live, tools: list[Any], named: str
) -> None:
    body = {"model": MODEL, "input": "Say hello.", "tools": tools}
    answer = gateway.post("/v1/responses", body, {"authorization": f"Bearer {gateway.running.key}"})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, named)


def test_probes_need_no_key(gateway: Live) -> None:
    with httpx.Client() as bare:
        assert bare.head(f"{gateway.running.base_url}/api").status_code < 500
