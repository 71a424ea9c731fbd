"""Faults of fields of a Messages request: refused, dropped, or taken for something else."""

from __future__ import annotations

from dataclasses import replace

from reference_gateway.anthropic_options import MIN_BUDGET_TOKENS
from reference_gateway.call import Call
from reference_gateway.chat import Json, Prompt, Text, ThinkingMode, ToolChoice, Turn
from reference_gateway.faults.anthropic_history import blocks, refuse_if, tools
from reference_gateway.faults.places import ANTHROPIC, documents, prompts, replies
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply
from reference_gateway.wire import dump


@fault(
    "anthropic-system-string-dropped",
    documents(ANTHROPIC),
    kills=("ANT-CONV-002",),
    origin="page, messages: system as a string and as blocks is honoured",
)
def system_string_dropped(body: Json) -> None:
    """A system prompt that is a string has no effect."""
    if isinstance(body.get("system"), str):
        del body["system"]


@fault(
    "anthropic-system-blocks-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-002",),
    origin="page, messages: system as a string and as blocks is honoured",
)
def system_blocks_refused(body: Json) -> None:
    """A system prompt in several blocks is refused."""
    system = body.get("system")
    refuse_if(isinstance(system, list) and len(system) > 1, "system")


@fault(
    "anthropic-history-dropped",
    prompts(ANTHROPIC),
    kills=("ANT-CONV-003",),
    origin="page, messages: the history is used",
)
def history_dropped(call: Call, prompt: Prompt) -> Prompt:
    """Only the newest message of a conversation without tools reaches the model."""
    del call
    is_meant = not prompt.tools and prompt.turns[-1].role == "user"
    return replace(prompt, turns=prompt.turns[-1:]) if is_meant else prompt


@fault(
    "anthropic-system-message-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-006",),
    origin="https://github.com/katanemo/plano/issues/967",
)
def system_message_refused(body: Json) -> None:
    """A message of the role `system` at the end is refused."""
    messages = body.get("messages") or [{}]
    last = messages[-1]
    is_system = isinstance(last, dict) and last.get("role") == "system"
    refuse_if(len(messages) > 1 and is_system, "messages.role")


@fault(
    "anthropic-metadata-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-010",),
    origin="https://github.com/Wei-Shaw/sub2api/issues/1968",
)
def metadata_refused(body: Json) -> None:
    """`metadata` is refused."""
    refuse_if("metadata" in body, "metadata")


@fault(
    "anthropic-top-k-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-011",),
    origin="page, parameters: temperature, top_p and top_k one at a time",
)
def top_k_refused(body: Json) -> None:
    """`top_k` is refused, though sampling is claimed."""
    refuse_if("top_k" in body, "top_k")


@fault(
    "anthropic-stop-sequences-one-only",
    documents(ANTHROPIC),
    kills=("ANT-CONV-012",),
    origin="page, parameters: several stop sequences",
)
def one_stop_sequence(body: Json) -> None:
    """More than one stop sequence is refused."""
    found = body.get("stop_sequences")
    refuse_if(isinstance(found, list) and len(found) > 1, "stop_sequences")


@fault(
    "anthropic-service-tier-refused",
    documents(ANTHROPIC),
    kills=("ANT-CONV-013",),
    origin="page, service tiers: auto and standard_only",
)
def service_tier_refused(body: Json) -> None:
    """`service_tier` is refused."""
    refuse_if("service_tier" in body, "service_tier")


@fault(
    "anthropic-prefill-repeated",
    prompts(ANTHROPIC),
    kills=("ANT-CONV-014",),
    origin="page, prefill: the answer continues and does not repeat it",
)
def prefill_repeated(call: Call, prompt: Prompt) -> Prompt:
    """The given beginning of an answer is said again."""
    del call
    last = prompt.turns[-1]
    said = "".join(part.text for part in last.parts if isinstance(part, Text))
    if last.role == "user" or not said:
        return prompt
    return replace(prompt, turns=(Turn("user", (Text(f"Say exactly: {said}A)"),)),))


@fault(
    "anthropic-schema-dropped",
    prompts(ANTHROPIC),
    kills=("ANT-CONV-015",),
    origin="page, structured outputs: the text is JSON that fits the schema",
)
def schema_dropped(call: Call, prompt: Prompt) -> Prompt:
    """`output_config.format` has no effect."""
    del call
    return replace(prompt, output_schema=None)


@fault(
    "anthropic-cache-control-refused",
    documents(ANTHROPIC),
    kills=("ANT-CACHE-001",),
    origin="https://github.com/Wei-Shaw/sub2api/issues/1968",
)
def cache_control_refused(body: Json) -> None:
    """`cache_control` on a block of the user is refused."""
    found = any("cache_control" in block for block in blocks(body, "user"))
    refuse_if(found, "messages.content.cache_control")


@fault(
    "anthropic-automatic-cache-refused",
    documents(ANTHROPIC),
    kills=("ANT-CACHE-003",),
    origin="page, prompt caching: cache_control on the whole body",
)
def automatic_cache_refused(body: Json) -> None:
    """`cache_control` on the whole body is refused."""
    refuse_if("cache_control" in body, "cache_control")


@fault(
    "anthropic-cache-marks-dropped",
    prompts(ANTHROPIC),
    kills=("ANT-CACHE-002",),
    origin="page, prompt caching: a prefix is written, then read",
)
def cache_marks_dropped(call: Call, prompt: Prompt) -> Prompt:
    """`cache_control` is accepted and nothing is cached."""
    del call
    return replace(prompt, cache_marks=())


@fault(
    "anthropic-thinking-refused",
    documents(ANTHROPIC),
    kills=("ANT-THK-001",),
    origin="page, thinking: type enabled with a budget",
)
def thinking_refused(body: Json) -> None:
    """Thinking with a budget is refused."""
    mode, limit = body.get("thinking"), body.get("max_tokens")
    budget = mode.get("budget_tokens") if isinstance(mode, dict) else None
    if isinstance(budget, int) and isinstance(limit, int):
        is_valid = "tool_choice" not in body and "temperature" not in body
        refuse_if(is_valid and MIN_BUDGET_TOKENS <= budget < limit, "thinking")


@fault(
    "anthropic-omitted-thinking-shown",
    prompts(ANTHROPIC),
    kills=("ANT-THK-002",),
    origin="page, thinking: with display omitted the text is empty",
)
def omitted_shown(call: Call, prompt: Prompt) -> Prompt:
    """Thinking is shown though it is to be omitted."""
    del call
    mode = prompt.thinking
    return replace(prompt, thinking=replace(mode, is_shown=True)) if mode else prompt


@fault(
    "anthropic-thinking-not-taken-back",
    documents(ANTHROPIC),
    kills=("ANT-THK-003",),
    origin="page, thinking: blocks are sent back unmodified",
)
def thinking_not_taken_back(body: Json) -> None:
    """A turn of the assistant with a thinking block is refused."""
    refuse_if(list(blocks(body, "assistant", "thinking")), "messages.content.thinking")


@fault(
    "anthropic-thinking-not-verified",
    documents(ANTHROPIC),
    kills=("ANT-THK-003",),
    origin="page, thinking: a forged signature is refused",
)
def thinking_not_verified(body: Json) -> None:
    """Thinking blocks of the history are dropped, whoever signed them."""
    for message in body.get("messages") or []:
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            kept = [block for block in content if block.get("type") != "thinking"]
            message["content"] = kept


@fault(
    "anthropic-thinking-not-turned-off",
    prompts(ANTHROPIC),
    kills=("ANT-THK-004",),
    origin="page, thinking: type disabled yields no thinking",
)
def not_turned_off(call: Call, prompt: Prompt) -> Prompt:
    """The model thinks though thinking is disabled."""
    document = call.document
    mode = document.get("thinking") if isinstance(document, dict) else None
    is_off = isinstance(mode, dict) and mode.get("type") == "disabled"
    return replace(prompt, thinking=ThinkingMode(1_024)) if is_off else prompt


@fault(
    "anthropic-auto-tool-ignored",
    prompts(ANTHROPIC),
    kills=("ANT-TOOL-004",),
    origin="page, tools: a clear question yields a call",
)
def auto_ignored(call: Call, prompt: Prompt) -> Prompt:
    """Tools are never called unless they are forced."""
    del call
    is_auto = prompt.choice.mode == "auto"
    return replace(prompt, choice=ToolChoice("none")) if is_auto else prompt


@fault(
    "anthropic-server-tool-dropped",
    documents(ANTHROPIC),
    kills=("ANT-TOOL-018",),
    origin="page, tools: a server tool that cannot be served is refused, not dropped",
)
def server_tool_dropped(body: Json) -> None:
    """Tools that the provider would run are left out, and nothing says so."""
    kept = [tool for tool in tools(body) if not str(tool.get("type")).startswith("web_search")]
    if len(kept) < len(tools(body)):
        body.pop("tool_choice", None)
        body["tools"] = kept


@fault(
    "anthropic-context-management-refused",
    documents(ANTHROPIC),
    kills=("ANT-CC-007",),
    origin="https://github.com/caozhiyuan/copilot-api/issues/145",
)
def context_management_refused(body: Json) -> None:
    """`context_management` is refused."""
    refuse_if("context_management" in body, "context_management")


@fault(
    "anthropic-firewall",
    replies(ANTHROPIC),
    kills=("ANT-CC-015",),
    origin="contract for Claude Code: code and tags are not blocked by a firewall",
)
def firewall(call: Call, reply: Reply) -> Reply:
    """A body with a script tag is answered by a firewall."""
    if b"<script>" not in call.body:
        return reply
    detail = {"type": "permission_error", "message": "Request blocked."}
    body = {"type": "error", "error": detail, "request_id": call.request_id}
    return replace(reply, status=403, body=dump(body).encode())
