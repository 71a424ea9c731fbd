"""GW-CLI: real clients do their work through the gateway, one id for each client and task."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.clients import catalogue
from conformance.clients.catalogue import Client
from conformance.kinds import Protocol
from conformance.model import Findings, Recording
from conformance.registry import requirement
from conformance.requirements import client_upstream as upstream
from conformance.requirements import client_work as work
from conformance.requirements.lab_passage import SERVED

NUMBERS = {
    "anthropic-python": 1,
    "anthropic-python-1": 2,
    "anthropic-python-0": 3,
    "anthropic-node": 4,
    "anthropic-node-0": 5,
    "openai-python": 6,
    "openai-python-2": 7,
    "openai-python-1": 8,
    "openai-node": 9,
    "openai-node-6": 10,
    "langchain-python": 11,
    "langchain-node": 12,
    "ai-sdk": 13,
    "ai-sdk-6": 14,
    "ai-sdk-compatible": 15,
    "ai-sdk-compatible-6": 16,
    "litellm": 17,
    "claude-code": 31,
    "pi": 32,
    "qwen": 33,
    "cline": 34,
    "opencode": 35,
    "codex": 36,
    "openclaw": 51,
    "kilo": 52,
    "aider": 53,
    "continue": 54,
}
"""The ids of a client begin with its number; libraries, agents, and what is heavy or rare."""

DIGITS = {"text": 1, "tool": 2, "parallel_tools": 3, "thinking": 4, "count_tokens": 5}
"""The ids of a task end with its digit."""

TITLES = {
    "text": "{} shows a text to its last character.",
    "tool": "{} runs a tool with its exact arguments, and uses the result.",
    "parallel_tools": "{} runs two tools at once, each with its own arguments.",
    "thinking": "{} gets what was thought, and the answer.",
    "count_tokens": "{} gets a count of tokens.",
}
RULES = {
    "text": (work.text_is_whole,),
    "tool": (work.tools_ran, work.text_is_whole, upstream.results_go_upstream),
    "parallel_tools": (work.tools_ran, work.text_is_whole, upstream.results_go_upstream),
    "thinking": (work.thinking_is_kept, work.text_is_whole, upstream.thinking_is_passed_on),
    "count_tokens": (work.tokens_are_counted,),
}
ASKING = (
    work.requests_are_counted,
    work.answers_are_told,
    upstream.upstream_is_asked_once,
    upstream.ends_are_passed_on,
)
"""The rules about what is asked of the model, and its answers."""

ENDPOINTS = {Protocol.ANTHROPIC: "ANT-EP-001", Protocol.OPENAI: "OAI-HTTP-001"}


def id_of(client: str, task: str) -> str:
    """The permanent id of a client's task."""
    return f"GW-CLI-{NUMBERS[client]:02}{DIGITS[task]}"


def title_of(client: Client, task: str) -> str:
    """What is true of a sound gateway."""
    return TITLES[task].format(f"{client.title[:1].upper()}{client.title[1:]}")


def tasks_of(client: Client) -> Iterator[str]:
    """What a client is asked to do, over any of its protocols."""
    found = (task for protocol in client.protocols for task in client.tasks(protocol))
    yield from dict.fromkeys(found)


def _rule(task: str) -> Callable[[Recording], Findings]:
    rules = (*RULES[task], *(ASKING if task != "count_tokens" else ()))

    def rule(recording: Recording) -> Findings:
        beyond = list(upstream.asked_beyond_the_lab(recording))
        if beyond:
            yield from beyond
            return
        failed = list(work.ended_well(recording))
        yield from failed
        # What a client that failed has not done needs no saying; what it did too often does.
        left = (work.requests_are_not_repeated,) if failed else rules
        for one in left:
            yield from one(recording)

    return rule


def _scenarios(client: Client, task: str) -> Iterator[str]:
    for protocol in client.protocols:
        if task in client.tasks(protocol):
            for over in client.upstreams(protocol, task):
                yield client.scenario(protocol, task, over)


def _declare(client: Client, task: str) -> None:
    spoken = [p for p in client.protocols if task in client.tasks(p)]
    rule = _rule(task)
    rule.__doc__ = title_of(client, task)
    requirement(
        id_of(client.name, task),
        on=tuple(_scenarios(client, task)),
        symptom="client-breaks",
        needs=(*(ENDPOINTS[Protocol(protocol)] for protocol in spoken), SERVED),
        judges_silence=True,
        facts=("said",),
    )(rule)


for _client in catalogue.clients():
    for _task in tasks_of(_client):
        _declare(_client, _task)
