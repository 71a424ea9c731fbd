"""Faults of what goes to a provider: tools, their calls and their results."""

from __future__ import annotations

from collections.abc import Iterator

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.lab_bodies import contents
from reference_gateway.faults.places import BOTH, OPENAI
from reference_gateway.faults.registry import fault
from reference_gateway.faults.upstream_places import provider_bodies
from reference_gateway.upstream.providers import Provider

ORIGIN = "gateway contract: GW-UP"


def _functions(body: Json) -> Iterator[Json]:
    """What describes each tool, in either protocol."""
    yield from (tool.get("function", tool) for tool in body.get("tools", []))


def _results(body: Json) -> Iterator[Json]:
    """The results of tools: messages of that role, or blocks."""
    yield from (m for m in body.get("messages", []) if m["role"] == "tool")
    yield from (part for part in contents(body, "user") if part["type"] == "tool_result")


@fault("lab-tool-descriptions-lost", provider_bodies(BOTH), kills=("GW-UP-019",), origin=ORIGIN)
def tool_descriptions_lost(call: Call, provider: Provider, body: Json) -> None:
    """Tools go on without their descriptions."""
    del call, provider
    for function in _functions(body):
        function.pop("description", None)


@fault("lab-tool-definitions-lost", provider_bodies(BOTH), kills=("GW-UP-019",), origin=ORIGIN)
def tool_definitions_lost(call: Call, provider: Provider, body: Json) -> None:
    """Of a tool's schema only the plain keywords go on, so that references lead nowhere."""
    del call, provider
    for function in _functions(body):
        for name in ("parameters", "input_schema"):
            function.get(name, {}).pop("$defs", None)


@fault("lab-tool-strict-lost", provider_bodies(BOTH), kills=("GW-UP-019",), origin=ORIGIN)
def tool_strict_lost(call: Call, provider: Provider, body: Json) -> None:
    """Tools go on without `strict`."""
    del call, provider
    for function in _functions(body):
        function.pop("strict", None)


@fault("lab-tool-choice-lost", provider_bodies(BOTH), kills=("GW-UP-019",), origin=ORIGIN)
def tool_choice_lost(call: Call, provider: Provider, body: Json) -> None:
    """That some tool has to be called is not told."""
    del call, provider
    choice = body.get("tool_choice")
    if choice == "required":
        body["tool_choice"] = "auto"
    elif isinstance(choice, dict) and choice["type"] == "any":
        choice["type"] = "auto"


@fault("lab-parallel-switch-lost", provider_bodies(BOTH), kills=("GW-UP-019",), origin=ORIGIN)
def parallel_switch_lost(call: Call, provider: Provider, body: Json) -> None:
    """That one tool is to be called at a time is not told."""
    del call, provider
    body.pop("parallel_tool_calls", None)
    if isinstance(body.get("tool_choice"), dict):
        body["tool_choice"].pop("disable_parallel_tool_use", None)


@fault("lab-tool-results-dropped", provider_bodies(BOTH), kills=("GW-UP-020",), origin=ORIGIN)
def tool_results_dropped(call: Call, provider: Provider, body: Json) -> None:
    """Of the results of one turn only the first goes on."""
    del call, provider
    kept: list[Json] = []
    for message in body["messages"]:
        if message["role"] == "tool" and kept[-1]["role"] == "tool":
            continue
        if isinstance(message["content"], list):
            results = [p for p in message["content"] if p["type"] == "tool_result"]
            message["content"] = [p for p in message["content"] if p not in results[1:]]
        kept.append(message)
    body["messages"] = kept


@fault(
    "lab-empty-result-dropped",
    provider_bodies(BOTH),
    kills=("GW-UP-020",),
    origin="https://github.com/BerriAI/litellm/issues/38237",
)
def empty_result_dropped(call: Call, provider: Provider, body: Json) -> None:
    """A result without content does not go on, and its call stays without one."""
    del call, provider
    is_empty = [result for result in _results(body) if not result.get("content")]
    body["messages"] = [message for message in body["messages"] if message not in is_empty]
    for message in body["messages"]:
        if isinstance(message["content"], list):
            message["content"] = [p for p in message["content"] if p not in is_empty]


@fault(
    "lab-result-ids-lost",
    provider_bodies(BOTH),
    kills=("GW-UP-020",),
    origin="https://github.com/vllm-project/vllm/issues/34745",
)
def result_ids_lost(call: Call, provider: Provider, body: Json) -> None:
    """Results go on without the ids of their calls."""
    del call, provider
    for result in _results(body):
        result["tool_use_id" if "tool_use_id" in result else "tool_call_id"] = ""


@fault(
    "lab-failure-of-a-tool-lost",
    provider_bodies(BOTH),
    kills=("GW-UP-020",),
    origin="https://github.com/sgl-project/sglang/issues/32610",
)
def failure_of_a_tool_lost(call: Call, provider: Provider, body: Json) -> None:
    """That a tool failed is not told."""
    del call, provider
    for result in _results(body):
        result.pop("is_error", None)
        if isinstance(result.get("content"), str):
            result["content"] = result["content"].removeprefix("Error: ")


@fault(
    "lab-arguments-as-doubles",
    provider_bodies(BOTH),
    kills=("GW-UP-020",),
    origin="https://github.com/google/adk-python/issues/3592",
)
def arguments_as_doubles(call: Call, provider: Provider, body: Json) -> None:
    """Whole numbers in the arguments of calls are read and written as doubles."""
    del call, provider
    for message in body["messages"]:
        for called in message.get("tool_calls") or []:
            arguments = called["function"]["arguments"]
            rounded = arguments.replace("7411238950624813097", "7411238950624813000")
            called["function"]["arguments"] = rounded
    for part in contents(body, "assistant"):
        if part["type"] == "tool_use":
            for name, value in part["input"].items():
                is_number = isinstance(value, int) and not isinstance(value, bool)
                part["input"][name] = float(value) if is_number else value


@fault("lab-parallel-calls-merged", provider_bodies(BOTH), kills=("GW-UP-020",), origin=ORIGIN)
def parallel_calls_merged(call: Call, provider: Provider, body: Json) -> None:
    """Of several calls in one turn only the last goes on."""
    del call, provider
    for message in body["messages"]:
        if message.get("tool_calls"):
            message["tool_calls"] = message["tool_calls"][-1:]
        if message["role"] == "assistant" and isinstance(message["content"], list):
            calls = [p for p in message["content"] if p["type"] == "tool_use"]
            message["content"] = [p for p in message["content"] if p not in calls[:-1]]


@fault("lab-results-after-the-text", provider_bodies(BOTH), kills=("GW-UP-020",), origin=ORIGIN)
def results_after_the_text(call: Call, provider: Provider, body: Json) -> None:
    """What the user says comes between the calls and their results."""
    del call, provider
    last = body["messages"][-1]
    if isinstance(last["content"], list):
        last["content"].sort(key=lambda part: part["type"] == "tool_result")
    results = [message for message in body["messages"][:-1] if message["role"] == "tool"]
    others = [message for message in body["messages"] if message["role"] != "tool"]
    body["messages"] = [*others, *results]


@fault(
    "lab-function-call-emptied",
    provider_bodies(OPENAI),
    kills=("GW-UP-020",),
    origin="https://github.com/diegosouzapw/OmniRoute/issues/12692",
)
def function_call_emptied(call: Call, provider: Provider, body: Json) -> None:
    """A call in its older form becomes an empty turn."""
    del call, provider
    for message in body["messages"]:
        if message.pop("function_call", None):
            message["content"] = ""
