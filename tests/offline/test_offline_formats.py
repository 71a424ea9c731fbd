"""The same traffic is judged the same, whoever recorded it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.imports import format_of
from conformance.kinds import Kind
from conformance.model import Part
from conformance.registry import requirements
from tests.offline.offline_files import (
    GOLDEN,
    RECORDED,
    curl_file,
    go_file,
    golden,
    har_file,
    heard,
    lines_file,
    outcomes,
    parsed_file,
    ruby_file,
    vcrpy_file,
    with_mark,
)

WRITERS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "exchange lines": ("lines", lines_file),
    "HAR": ("har", har_file),
    "HAR in base64": ("har", lambda folder: har_file(folder, in_base64=True)),
    "vcrpy YAML": ("cassette", vcrpy_file),
    "vcrpy JSON": ("cassette", lambda folder: vcrpy_file(folder, as_json=True)),
    "vcrpy with gzip": ("cassette", lambda folder: vcrpy_file(folder, encode="gzip")),
    "vcrpy with brotli": ("cassette", lambda folder: vcrpy_file(folder, encode="br")),
    "vcrpy with zstd": ("cassette", lambda folder: vcrpy_file(folder, encode="zstd")),
    "vcrpy with parsed bodies": ("cassette", parsed_file),
    "Ruby VCR": ("cassette", ruby_file),
    "go-vcr": ("cassette", go_file),
    "HAR with a mark": ("har", lambda folder: with_mark(har_file(folder))),
    "lines with a mark": ("lines", lambda folder: with_mark(lines_file(folder))),
    "JSON cassette with a mark": (
        "cassette",
        lambda folder: with_mark(vcrpy_file(folder, as_json=True)),
    ),
    "curl -v": ("curl", lambda folder: curl_file(folder, verbose=True)),
    "curl -i": ("curl", lambda folder: curl_file(folder, verbose=False)),
}
WITHOUT_REQUEST = {
    "ANT-BLK-004",
    "GW-MODEL-006",
    "OAI-CHAT-013",
    "OAI-PARAM-018",
    "OAI-STREAM-015",
    "OAI-STREAM-016",
    "OAI-STREAM-017",
    "OAI-TOOL-004",
}
"""What curl's output cannot show: it never prints the body of the request."""


CHATTED = {
    Kind.ANTHROPIC_MESSAGE,
    Kind.ANTHROPIC_STREAM,
    Kind.ANTHROPIC_ERROR,
    Kind.OPENAI_COMPLETION,
    Kind.OPENAI_STREAM,
    Kind.OPENAI_ERROR,
}
"""What was recorded: the answers, streams and errors of the two main endpoints."""


@pytest.fixture(scope="module")
def own() -> dict[str, str]:
    """The outcomes of the golden recordings that need no probe."""
    decided = outcomes(heard(GOLDEN))
    # No other format keeps when the bytes arrived.
    timeless = {id for id, r in requirements().items() if Part.TIMES not in r.reads}
    return {id: o for id, o in decided.items() if requirements()[id].kinds and id in timeless}


def test_the_golden_set_is_clean(own: dict[str, str]) -> None:
    assert set(own.values()) == {"pass"}
    assert len(own) > 90


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_format_is_told_from_its_content(name: str, tmp_path: Path) -> None:
    format, write = WRITERS[name]

    assert format_of(write(tmp_path).rename(tmp_path / "unnamed")) == format


@pytest.mark.parametrize("name", list(WRITERS))
def test_traffic_in_a_format_is_judged_as_our_own(
    name: str, tmp_path: Path, own: dict[str, str]
) -> None:
    hearing = heard(WRITERS[name][1](tmp_path))

    missing = WITHOUT_REQUEST if name.startswith("curl") else set()
    assert hearing.unread == []
    assert hearing.kinds == Counter(exchange.kind for exchange in golden())
    assert outcomes(hearing) == {id: o for id, o in own.items() if id not in missing}


@pytest.mark.parametrize(
    ("file", "exchanges"),
    [
        pytest.param("browser.har", 7, id="Chromium"),
        pytest.param("mitmproxy.har", 22, id="mitmproxy"),
        pytest.param("vcrpy.yaml", 22, id="vcrpy"),
        pytest.param("vcrpy.json", 22, id="vcrpy in JSON"),
    ],
)
def test_what_a_real_recorder_wrote_of_the_reference_gateway_is_clean(
    file: str, exchanges: int
) -> None:
    hearing = heard(RECORDED / file)

    assert (hearing.exchanges, hearing.unread) == (exchanges, [])
    assert set(outcomes(hearing).values()) == {"pass"}
    assert set(hearing.kinds) >= CHATTED
