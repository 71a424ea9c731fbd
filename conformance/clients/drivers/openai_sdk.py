"""What a program does with the official Python SDK `openai`, its answers streamed or whole."""

from __future__ import annotations

import json
from typing import Any

import openai
from task import Job, play


def asked(job: Job, **more: Any) -> dict[str, Any]:
    """The arguments of a question."""
    messages = [{"role": "user", "content": job.prompt}]
    options = {"stream_options": {"include_usage": True}}
    options = options if job.streamed else {}
    return {"model": job.model, "max_tokens": job.budget, "messages": messages, **options, **more}


def sdk(job: Job) -> openai.OpenAI:
    """The SDK, which finds in the environment where to send."""
    return openai.OpenAI(**job.retries())


def text(job: Job) -> dict[str, Any]:
    """A question, its chunks read one by one."""
    if not job.streamed:
        return {"text": gathered(job, asked(job)).content}
    pieces: list[str] = []
    stop, usage = None, None
    for chunk in sdk(job).chat.completions.create(**asked(job), stream=True):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
            stop = choice.finish_reason or stop
    job.told(stop, usage and usage.prompt_tokens, usage and usage.completion_tokens)
    return {"text": "".join(pieces)}


def tools(job: Job) -> dict[str, Any]:
    """A question whose answer needs tools; they are run until no more are called."""
    offered = [{"type": "function", "function": tool} for tool in job.tools]
    ask = asked(job, tools=offered)
    while True:
        message = gathered(job, ask)
        if not message.tool_calls:
            return {"text": message.content}
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": result_of(job, call.function)}
            for call in message.tool_calls
        ]
        ask["messages"] = [*ask["messages"], message, *results]


def gathered(job: Job, ask: dict[str, Any]) -> Any:
    """The message that the SDK's helper made of a stream, or that came as a whole."""
    if job.streamed:
        with sdk(job).chat.completions.stream(**ask) as stream:
            completion = stream.until_done().get_final_completion()
    else:
        completion = sdk(job).chat.completions.create(**ask)
    choice, usage = completion.choices[0], completion.usage
    job.told(choice.finish_reason, usage and usage.prompt_tokens, usage and usage.completion_tokens)
    return choice.message


def result_of(job: Job, function: Any) -> str:
    """What the tool answers."""
    return job.run(function.name, json.loads(function.arguments))


if __name__ == "__main__":
    play({"text": text, "tool": tools, "parallel_tools": tools})
