"""Faults of the details of a Messages answer: citations, thinking, counts, order of blocks."""

from __future__ import annotations

from collections.abc import Iterable

from reference_gateway.chat import Json
from reference_gateway.faults.places import ANTHROPIC, answers, events, payloads
from reference_gateway.faults.registry import fault
from reference_gateway.wire import Frame


def _kinds(body: Json) -> list[str]:
    return [block["type"] for block in body["content"]]


@fault(
    "anthropic-stop-details-without-refusal",
    answers(ANTHROPIC),
    kills=("ANT-MSG-012",),
    origin="page, stop reasons: stop_details is null unless the model refused",
)
def stop_details(body: Json) -> None:
    """`stop_details` is there though nothing was refused."""
    body["stop_details"] = {"type": "end_turn"}


@fault(
    "anthropic-keys-of-openai",
    answers(ANTHROPIC),
    kills=("ANT-MSG-014",),
    origin="page, message: keys of the OpenAI protocol do not appear",
)
def keys_of_openai(body: Json) -> None:
    """A Message says that it is a chat completion, too."""
    body |= {"object": "chat.completion", "created": 1}


@fault(
    "anthropic-citations-null",
    answers(ANTHROPIC),
    kills=("ANT-BLK-005",),
    origin="Vercel AI SDK: null citations are no valid answer",
)
def citations_null(body: Json) -> None:
    """Text blocks have null as their citations."""
    for block in body["content"]:
        if block["type"] == "text":
            block["citations"] = None


@fault(
    "anthropic-empty-text-before-call",
    answers(ANTHROPIC),
    kills=("ANT-BLK-006",),
    origin="https://github.com/BerriAI/litellm/issues/25561",
)
def empty_text(body: Json) -> None:
    """An answer that begins with a call has an empty text block before it."""
    if _kinds(body)[:1] == ["tool_use"]:
        body["content"].insert(0, {"type": "text", "text": ""})


@fault(
    "anthropic-thinking-last",
    answers(ANTHROPIC),
    kills=("ANT-BLK-007",),
    origin="page, blocks: thinking precedes the text",
)
def thinking_last(body: Json) -> None:
    """Thinking comes after everything else."""
    body["content"].sort(key=lambda block: block["type"] == "thinking")


@fault(
    "anthropic-calls-before-text",
    answers(ANTHROPIC),
    kills=("ANT-TOOL-016",),
    origin="page, tools: calls come after the text that explains them",
)
def calls_first(body: Json) -> None:
    """Calls come before the text that explains them."""
    order = {"thinking": 0, "tool_use": 1, "text": 2}
    body["content"].sort(key=lambda block: order.get(block["type"], 0))


@fault(
    "anthropic-cache-counts-as-text",
    answers(ANTHROPIC),
    kills=(
        "ANT-USE-004",
        "GW-CAP-013",
    ),
    origin="page, usage: the cache fields are integers",
)
def cache_counts_as_text(body: Json) -> None:
    """What was read from the cache is counted in a string."""
    body["usage"]["cache_read_input_tokens"] = "0"


@fault(
    "anthropic-cache-creation-wrong",
    answers(ANTHROPIC),
    kills=("ANT-USE-005",),
    origin="page, usage: the parts of cache_creation add up",
)
def cache_creation_wrong(body: Json) -> None:
    """The parts of `cache_creation` do not add up."""
    body["usage"]["cache_creation"]["ephemeral_5m_input_tokens"] += 7


@fault(
    "anthropic-more-thinking-than-output",
    answers(ANTHROPIC),
    kills=("ANT-USE-006",),
    origin="page, usage: thinking tokens are part of output_tokens",
)
def more_thinking(body: Json) -> None:
    """More tokens were thought than were produced in all."""
    usage = body["usage"]
    usage["output_tokens_details"]["thinking_tokens"] = usage["output_tokens"] + 1


@fault(
    "anthropic-stream-counts-implausible",
    payloads(ANTHROPIC),
    kills=("ANT-USE-007",),
    origin="page, usage: counts grow with the texts",
)
def counts_implausible(data: Json) -> None:
    """Input is counted as a tenth of what it is once it is long."""
    usage = data.get("message", data).get("usage", {})
    if usage.get("input_tokens", 0) > 500:
        usage["input_tokens"] //= 10


@fault(
    "anthropic-thinking-not-counted",
    payloads(ANTHROPIC),
    kills=("ANT-THK-005",),
    origin="page, thinking: its tokens are part of output_tokens",
)
def thinking_not_counted(data: Json) -> None:
    """`output_tokens` leave the thinking out."""
    if data["type"] == "message_delta":
        usage = data["usage"]
        usage["output_tokens"] -= usage["output_tokens_details"].pop("thinking_tokens")


@fault(
    "anthropic-stream-thinking-unsigned",
    events(ANTHROPIC),
    kills=("ANT-STR-022",),
    origin="page, streaming: a thinking block ends with its signature",
)
def thinking_unsigned(frame: Frame) -> Iterable[Frame]:
    """The signature of streamed thinking is lost."""
    data = frame.data
    is_signature = isinstance(data, dict) and (
        data.get("delta", {}).get("type") == "signature_delta"
    )
    return [] if is_signature else [frame]


@fault(
    "anthropic-stream-citation-without-words",
    payloads(ANTHROPIC),
    kills=("ANT-STR-035",),
    origin="page, streaming: a citation has its cited_text",
)
def citation_without_words(data: Json) -> None:
    """A citation does not say what it cites."""
    data.get("delta", {}).get("citation", {}).pop("cited_text", None)


@fault(
    "anthropic-stream-invented-event",
    events(ANTHROPIC),
    kills=("ANT-STR-036",),
    origin="Vercel AI SDK: an unknown event type becomes an error part",
)
def invented_event(frame: Frame) -> Iterable[Frame]:
    """The gateway sends an event of its own before the end."""
    own = Frame("gateway_metrics", {"type": "gateway_metrics", "latency_ms": 12})
    return [own, frame] if frame.event == "message_stop" else [frame]
