"""What a program does with LangChain for Python, its answers streamed or whole."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from task import Job, play


def chat(job: Job, **more: Any) -> Any:
    """A chat model as its documentation makes one."""
    options = {"model": job.model, "max_tokens": job.budget, **job.retries(), **more}
    if job.protocol == "anthropic":
        return ChatAnthropic(**options)
    # With a base URL of one's own, LangChain asks for usage only when told to.
    return ChatOpenAI(**options, stream_usage=True)


def answered(job: Job, model: Any, turns: list[Any]) -> Any:
    """The message that LangChain adds up from the chunks, or that came as a whole."""
    message = reduce(add, model.stream(turns)) if job.streamed else model.invoke(turns)
    told, usage = message.response_metadata, message.usage_metadata or {}
    stop = told.get("stop_reason") or told.get("finish_reason")
    job.told(stop, usage.get("input_tokens"), usage.get("output_tokens"))
    return message


def text_of(message: Any) -> str:
    """The text of a message, whose content is a text or a list of blocks."""
    return str(message.text if isinstance(message.text, str) else message.text())


def text(job: Job) -> dict[str, Any]:
    """A question."""
    return {"text": text_of(answered(job, chat(job), [HumanMessage(job.prompt)]))}


def tools(job: Job) -> dict[str, Any]:
    """A question whose answer needs tools; they are run until no more are called."""
    offered = [{"type": "function", "function": tool} for tool in job.tools]
    model, turns = chat(job).bind_tools(offered), [HumanMessage(job.prompt)]
    while True:
        message = answered(job, model, turns)
        if not message.tool_calls:
            return {"text": text_of(message)}
        turns = [*turns, message, *(result_of(job, call) for call in message.tool_calls)]


def result_of(job: Job, call: dict[str, Any]) -> ToolMessage:
    """What the tool answers."""
    return ToolMessage(job.run(call["name"], call["args"]), tool_call_id=call["id"])


def thinking(job: Job) -> dict[str, Any]:
    """A question that is thought about first."""
    budget = {"max_tokens": job.budget + 1024}
    model = chat(job, **budget, thinking={"type": "enabled", "budget_tokens": 1024})
    message = answered(job, model, [HumanMessage(job.prompt)])
    thoughts = [block for block in message.content if block.get("type") == "thinking"]
    return {
        "text": text_of(message),
        "thinking": "".join(block.get("thinking", "") for block in thoughts),
        "signature": "".join(block.get("signature", "") for block in thoughts),
    }


if __name__ == "__main__":
    play({"text": text, "tool": tools, "parallel_tools": tools, "thinking": thinking})
