"""What a program does with the LiteLLM SDK, its answers streamed or whole."""

from __future__ import annotations

import json
from typing import Any

import litellm
from task import Job, play

litellm.suppress_debug_info = True


def answered(job: Job, turns: list[Any], **more: Any) -> Any:
    """The message that LiteLLM builds of the chunks, or that came as a whole."""
    streamed = {"stream": True, "stream_options": {"include_usage": True}} if job.streamed else {}
    given = litellm.completion(
        model=f"{job.protocol}/{job.model}",
        messages=turns,
        **streamed,
        **{"max_tokens": job.budget, **job.retries("num_retries"), **more},
    )
    built = litellm.stream_chunk_builder(list(given), messages=turns) if job.streamed else given
    choice, usage = built.choices[0], built.usage
    job.told(choice.finish_reason, usage.prompt_tokens, usage.completion_tokens)
    return choice.message


def asked(job: Job) -> list[Any]:
    """The turns of a question."""
    return [{"role": "user", "content": job.prompt}]


def text(job: Job) -> dict[str, Any]:
    """A question."""
    return {"text": answered(job, asked(job)).content}


def tools(job: Job) -> dict[str, Any]:
    """A question whose answer needs tools; they are run until no more are called."""
    offered = [{"type": "function", "function": tool} for tool in job.tools]
    turns = asked(job)
    while True:
        message = answered(job, turns, tools=offered)
        if not message.tool_calls:
            return {"text": message.content}
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": result_of(job, call.function)}
            for call in message.tool_calls
        ]
        turns = [*turns, message.model_dump(), *results]


def result_of(job: Job, function: Any) -> str:
    """What the tool answers."""
    return job.run(function.name, json.loads(function.arguments))


def thinking(job: Job) -> dict[str, Any]:
    """A question that is thought about first."""
    budget = {"max_tokens": job.budget + 1024}
    thought = {"type": "enabled", "budget_tokens": 1024}
    # A model that is not in its own list is taken for one that cannot think.
    allowed = {"allowed_openai_params": ["thinking"]}
    message = answered(job, asked(job), **budget, **allowed, thinking=thought)
    blocks = getattr(message, "thinking_blocks", None) or []
    return {
        "text": message.content,
        "thinking": "".join(block.get("thinking") or "" for block in blocks),
        "signature": "".join(block.get("signature") or "" for block in blocks),
    }


if __name__ == "__main__":
    play({"text": text, "tool": tools, "parallel_tools": tools, "thinking": thinking})
