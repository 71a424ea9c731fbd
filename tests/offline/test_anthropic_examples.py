"""The canonical Anthropic exchanges pass, and each of them spoiled in one place does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue import catalogue, excluded
from conformance.model import Level, Outcome
from conformance.registry import requirements
from tests.offline.anthropic_examples import (
    EXAMPLES,
    Change,
    Example,
    answer_with,
    insert,
    lose,
    put,
    write,
)
from tests.offline.offline_files import heard, write_lines

AREAS = ("ANT-MSG-", "ANT-BLK-", "ANT-USE-", "ANT-STR-", "ANT-TOOL-", "ANT-ERR-")
SOUND = {Outcome.PASS, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE}


def broken(folder: Path, *examples: Example) -> dict[str, Outcome]:
    """The requirements that do not hold of some exchanges."""
    path = write_lines(folder / "examples.jsonl", [example.line() for example in examples])
    verdicts = heard(path).verdicts.values()
    return {v.requirement: v.outcome for v in verdicts if v.outcome not in SOUND}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_breaks_nothing(name: str, tmp_path: Path) -> None:
    assert broken(tmp_path, EXAMPLES[name]) == {}


def test_all_examples_together_break_nothing(tmp_path: Path) -> None:
    assert broken(tmp_path, *EXAMPLES.values()) == {}


# The numbers in the paths are those of the events:
#   stream           0 start, 1 block, 2 ping, 3 and 4 text, 5 stop, 6 message_delta, 7 end
#   parallel_tools   0 start, 1-3 text, 4-8 the first call, 9-12 the second, 13, 14 end
#   thinking_stream  0 start, 1-5 thinking (4 is its signature), 6-8 text, 9, 10 end
CORRUPTIONS: list[tuple[str, str, Change]] = [
    # 2.1 The message.
    ("ANT-MSG-001", "plain", lose("usage")),
    ("ANT-MSG-001", "plain", lose("stop_reason")),
    ("ANT-MSG-001", "plain", answer_with('["a list"]', "application/json")),
    ("ANT-MSG-002", "plain", put("type", "completion")),
    ("ANT-MSG-003", "plain", put("role", "user")),
    ("ANT-MSG-004", "plain", put("id", "")),
    ("ANT-MSG-004", "plain", put("id", 7)),
    ("ANT-MSG-005", "plain", put("model", "")),
    ("ANT-MSG-005", "plain", put("model", None)),
    ("ANT-MSG-006", "plain", put("content", "Good evening!")),
    ("ANT-MSG-006", "plain", put("content", None)),
    ("ANT-MSG-006", "plain", lose("content.0.type")),
    ("ANT-MSG-007", "plain", put("stop_reason", None)),
    ("ANT-MSG-007", "plain", put("stop_reason", "stop")),
    ("ANT-MSG-007", "cut", put("stop_reason", "length")),
    ("ANT-MSG-007", "tool", put("stop_reason", "tool_calls")),
    ("ANT-MSG-008", "plain", put("stop_sequence", "four")),
    ("ANT-MSG-009", "tool", put("stop_reason", "end_turn")),
    ("ANT-MSG-009", "plain", put("stop_reason", "tool_use")),
    ("ANT-MSG-009", "parallel_tools", put("13.delta.stop_reason", "end_turn")),
    ("ANT-MSG-015", "plain", answer_with("<html>Sign in</html>", "text/html")),
    ("ANT-MSG-015", "plain", answer_with("", "application/json")),
    ("ANT-MSG-015", "plain", answer_with('{"type": "error", "error": {}}', "application/json")),
    # 2.2 Blocks.
    ("ANT-BLK-001", "plain", lose("content.0.text")),
    ("ANT-BLK-001", "tool", lose("content.0.name")),
    ("ANT-BLK-001", "thinking", lose("content.0.signature")),
    ("ANT-BLK-001", "thinking", put("content.0.thinking", None)),
    ("ANT-BLK-002", "tool", put("content.0.input", '{"harbour": "Brest"}')),
    ("ANT-BLK-003", "tool", put("content.0.id", "toolu tide")),
    ("ANT-BLK-003", "tool", put("content.0.id", "")),
    ("ANT-BLK-003", "parallel_tools", put("9.content_block.id", "toolu_read_tide1")),
    ("ANT-BLK-004", "tool", put("content.0.name", "mcp_read_tide")),
    ("ANT-BLK-004", "parallel_tools", put("4.content_block.name", "READ_TIDE")),
    # 2.3 Usage.
    ("ANT-USE-001", "plain", lose("usage.input_tokens")),
    ("ANT-USE-001", "plain", put("usage.output_tokens", -1)),
    ("ANT-USE-001", "plain", put("usage", {"prompt_tokens": 14, "completion_tokens": 11})),
    ("ANT-USE-002", "plain", put("usage.output_tokens", 0)),
    ("ANT-USE-003", "plain", put("usage.input_tokens", 0)),
    # 3.2 Transport.
    ("ANT-STR-001", "stream", answer_with('{"type": "message"}', "application/json")),
    ("ANT-STR-002", "stream", write("event: content_block_delta\n", "")),
    ("ANT-STR-003", "stream", write("event: message_delta", "event: content_block_delta")),
    ("ANT-STR-003", "stream", write('"type": "content_block_stop", ', "")),
    ("ANT-STR-004", "stream", lambda e: answer_with(f"{e.text()}data: [DONE]\n\n")(e)),
    ("ANT-STR-004", "stream", write('data: {"type": "message_stop"}', "data: null")),
    ("ANT-STR-005", "stream", lambda e: answer_with(e.text().rstrip("\n"))(e)),
    # 3.3 Order and shape of events.
    ("ANT-STR-011", "stream", lose("0")),
    ("ANT-STR-011", "stream", lambda e: insert(1, e.answer[0])(e)),
    ("ANT-STR-012", "stream", lose("0.message.usage")),
    ("ANT-STR-012", "stream", put("0.message.content", None)),
    ("ANT-STR-012", "stream", put("0.message.stop_reason", "end_turn")),
    ("ANT-STR-012", "stream", lose("0.message.id")),
    ("ANT-STR-013", "stream", lose("0.message.usage.output_tokens")),
    ("ANT-STR-013", "stream", put("0.message.usage.input_tokens", None)),
    ("ANT-STR-014", "parallel_tools", put("9.index", 3)),
    ("ANT-STR-014", "parallel_tools", put("9.index", 1)),
    ("ANT-STR-015", "stream", lose("1.content_block.text")),
    ("ANT-STR-015", "stream", put("1.content_block.text", None)),
    ("ANT-STR-015", "parallel_tools", put("4.content_block.input", "")),
    ("ANT-STR-015", "thinking_stream", lose("1.content_block.thinking")),
    ("ANT-STR-016", "stream", put("3.index", 1)),
    ("ANT-STR-016", "stream", put("5.index", 1)),
    ("ANT-STR-016", "stream", lose("1")),
    ("ANT-STR-017", "parallel_tools", put("6.delta", {"type": "text_delta", "text": "{"})),
    ("ANT-STR-017", "stream", put("3.delta", {"type": "thinking_delta", "thinking": "So"})),
    ("ANT-STR-018", "stream", lose("5")),
    ("ANT-STR-019", "stream", put("3.delta.text", None)),
    ("ANT-STR-019", "thinking_stream", put("2.delta.thinking", 1)),
    ("ANT-STR-019", "parallel_tools", put("6.delta.partial_json", {"harbour": "Brest"})),
    ("ANT-STR-019", "stream", lose("3.index")),
    ("ANT-STR-020", "parallel_tools", lose("7")),
    ("ANT-STR-020", "parallel_tools", put("11.delta.partial_json", '"Brest"')),
    ("ANT-STR-022", "thinking_stream", lose("4")),
    ("ANT-STR-022", "thinking_stream", lambda e: insert(4, e.answer[4])(e)),
    ("ANT-STR-022", "thinking_omitted", lose("2")),
    ("ANT-STR-023", "stream", lose("6")),
    ("ANT-STR-023", "stream", put("6.delta.stop_reason", None)),
    ("ANT-STR-024", "stream", lose("6.usage")),
    ("ANT-STR-024", "stream", put("6.usage.output_tokens", "11")),
    ("ANT-STR-025", "stream", put("6.usage.output_tokens", 1)),
    ("ANT-STR-025", "stream", put("6.usage.output_tokens", 0)),
    ("ANT-STR-028", "stream", lambda e: insert(8, e.answer[7])(e)),
    ("ANT-STR-028", "stream", lambda e: insert(8, e.answer[4])(e)),
    ("ANT-STR-029", "stream", write('{"type": "ping"}', "{}")),
    ("ANT-STR-030", "failed_half_way", put("-1.error", "Later.")),
    ("ANT-STR-002", "failed_half_way", write("event: error\n", "")),
    ("ANT-STR-030", "failed_half_way", insert(4, EXAMPLES["stream"].answer[7])),
    ("ANT-STR-031", "stream", lose("7")),
    ("ANT-STR-031", "failed_half_way", lose("-1")),
    # 5 Errors.
    ("ANT-ERR-001", "bad_request", lose("type")),
    ("ANT-ERR-001", "bad_request", put("error", "Not like this.")),
    ("ANT-ERR-001", "bad_request", put("error.message", "")),
    ("ANT-ERR-001", "busy", lose("error.type")),
    ("ANT-ERR-003", "bad_request", put("error.type", "api_error")),
    ("ANT-ERR-003", "busy", put("error.type", "invalid_request_error")),
    ("ANT-ERR-005", "unknown", answer_with("<h1>404</h1>", "text/html")),
    ("ANT-ERR-005", "overloaded", answer_with("", "application/json")),
]


@pytest.mark.parametrize(
    ("requirement", "name", "change"),
    [
        pytest.param(*row, id=f"{row[0]}-{row[1]}-{number}")
        for number, row in enumerate(CORRUPTIONS)
    ],
)
def test_a_corruption_is_caught(
    requirement: str, name: str, change: Change, tmp_path: Path
) -> None:
    assert broken(tmp_path, change(EXAMPLES[name])).get(requirement) is Outcome.FAIL


MUST = {
    id
    for id, entry in catalogue().items()
    if id.startswith(AREAS) and entry.level("gateway") is Level.MUST
}
UNDECIDABLE = {
    "ANT-STR-009": "a recording that was made elsewhere does not say when the body ended",
}
"""Rules about any exchange of a kind that one recording cannot break; the faults break them."""


def test_every_must_that_a_recording_can_break_has_a_corruption() -> None:
    of_any_exchange = {id for id in MUST if id in requirements() and requirements()[id].kinds}

    assert {row[0] for row in CORRUPTIONS} == of_any_exchange - set(UNDECIDABLE)


def test_the_other_musts_are_about_a_question_of_ours_or_have_no_check() -> None:
    others = MUST - {row[0] for row in CORRUPTIONS} - set(UNDECIDABLE)

    assert all(id in excluded() or requirements()[id].scenario_names for id in others)
