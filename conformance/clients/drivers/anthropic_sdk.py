"""What a program does with the official Python SDK `anthropic`, its answers streamed or whole."""

from __future__ import annotations

from typing import Any

import anthropic
from task import Job, play


def asked(job: Job, **more: Any) -> dict[str, Any]:
    """The arguments of a question."""
    messages = [{"role": "user", "content": job.prompt}]
    return {"model": job.model, "max_tokens": job.budget, "messages": messages, **more}


def sdk(job: Job) -> anthropic.Anthropic:
    """The SDK, which finds in the environment where to send."""
    return anthropic.Anthropic(**job.retries())


def answered(job: Job, **ask: Any) -> tuple[str, Any]:
    """The text as it came, and the message that the SDK made of the stream."""
    if job.streamed:
        with sdk(job).messages.stream(**ask) as stream:
            text = "".join(stream.text_stream)
            message = stream.get_final_message()
    else:
        message = sdk(job).messages.create(**ask)
        text = "".join(block.text for block in message.content if block.type == "text")
    job.told(message.stop_reason, message.usage.input_tokens, message.usage.output_tokens)
    return text, message


def text(job: Job) -> dict[str, Any]:
    """A question."""
    return {"text": answered(job, **asked(job))[0]}


def tools(job: Job) -> dict[str, Any]:
    """A question whose answer needs tools; they are run until no more are called."""
    offered = [
        {"name": t["name"], "description": t["description"], "input_schema": t["parameters"]}
        for t in job.tools
    ]
    ask = asked(job, tools=offered)
    while True:
        said, message = answered(job, **ask)
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return {"text": said}
        results = [
            {"type": "tool_result", "tool_use_id": c.id, "content": job.run(c.name, c.input)}
            for c in calls
        ]
        turns = [
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": results},
        ]
        ask["messages"] = [*ask["messages"], *turns]


def thinking(job: Job) -> dict[str, Any]:
    """A question that is thought about first."""
    ask = asked(job, max_tokens=job.budget + 1024)
    said, message = answered(job, **ask, thinking={"type": "enabled", "budget_tokens": 1024})
    thoughts = [block for block in message.content if block.type == "thinking"]
    return {
        "text": said,
        "thinking": "".join(block.thinking for block in thoughts),
        "signature": "".join(block.signature for block in thoughts),
    }


def count_tokens(job: Job) -> dict[str, Any]:
    """How long the question is."""
    ask = asked(job)
    del ask["max_tokens"]
    return {"tokens": sdk(job).messages.count_tokens(**ask).input_tokens}


if __name__ == "__main__":
    more = {"thinking": thinking, "count_tokens": count_tokens}
    play({"text": text, "tool": tools, "parallel_tools": tools, **more})
