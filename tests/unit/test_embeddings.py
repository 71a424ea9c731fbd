"""Embeddings as numbers and as base64 say the same; what is neither is told apart."""

from __future__ import annotations

import base64
import math
import struct
from typing import Any

import pytest
from unit_exchanges import exchange

from conformance import embeddings
from conformance.kinds import Kind
from reference_gateway.embeddings import DIMENSIONS, packed, parse, vector

WORDS = ("The", " cat", " sat")


@pytest.mark.parametrize("dimensions", [1, 2, 256, DIMENSIONS])
def test_numbers_and_base64_agree(dimensions: int) -> None:
    values = vector(WORDS, dimensions)
    unpacked = embeddings.unpacked(packed(values))

    assert unpacked is not None
    assert embeddings.distance(values, unpacked) < 1e-7


@pytest.mark.parametrize("dimensions", [1, 2, 256, DIMENSIONS])
def test_a_vector_has_the_length_one(dimensions: int) -> None:
    values = vector(WORDS, dimensions)

    assert math.isclose(sum(value * value for value in values), 1, abs_tol=1e-5)


def test_a_vector_depends_on_the_text_and_on_nothing_else() -> None:
    assert vector(WORDS, 8) == vector(WORDS, 8) != vector(WORDS[:2], 8)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param("one text", 1, id="a text"),
        pytest.param(["one", "two"], 2, id="texts"),
        pytest.param([1, 2, 3], 1, id="token ids"),
        pytest.param([[1, 2], [3]], 2, id="arrays of token ids"),
    ],
)
def test_the_inputs_are_counted_as_the_gateway_reads_them(asked: Any, count: int) -> None:
    made = exchange(Kind.OPENAI_EMBEDDINGS, {}, input=asked)

    assert embeddings.inputs(made) == count == len(parse({"model": "m", "input": asked}).tokens)


def base64_of(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("no base64!", id="no base64"),
        pytest.param(base64_of(b"abc"), id="three bytes"),
        pytest.param(base64_of(struct.pack("<2f", math.nan, 1.0)), id="not a number"),
        pytest.param(base64_of(struct.pack(">8f", *vector(WORDS, 8))), id="big-endian"),
        pytest.param(base64_of(struct.pack("<64d", *vector(WORDS, 64))), id="float64"),
    ],
)
def test_other_bytes_are_no_vector(text: str) -> None:
    assert embeddings.unpacked(text) is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(v, id=repr(v))
        for v in ([], [10**400], ["1"], [True], [None], {}, None, 1, [[0.5]])
    ],
)
def test_other_values_are_no_numbers(value: Any) -> None:
    assert embeddings.numbers(value) is None


def test_vectors_of_different_lengths_are_infinitely_apart() -> None:
    assert embeddings.distance([1.0], [1.0, 0.0]) == math.inf
