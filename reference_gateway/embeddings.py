"""Embeddings: texts become unit vectors that depend on their words and on nothing else."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reference_gateway import tokens
from reference_gateway.chat import Json, Usage
from reference_gateway.fields import Field
from reference_gateway.openai import read_model
from reference_gateway.openai_answer import OPENAI

DIMENSIONS = 512
_MAX_INPUTS = 2048
_MAX_TOKENS = 8192
# Seven digits are what a float32 holds: both encodings say the same number.
_DIGITS = 7

EMBEDDINGS = replace(OPENAI, name="embeddings", task="embedding")
"""Embeddings share the protocol's refusals; they have neither prompts nor streams."""


@dataclass(frozen=True)
class Inputs:
    """What is to be embedded: each input as its tokens, and how the vectors are wanted."""

    model: str
    tokens: tuple[tuple[str, ...], ...]
    dimensions: int
    is_base64: bool

    @property
    def usage(self) -> Usage:
        """What the request is charged for: there is no output."""
        return Usage(sum(map(len, self.tokens)), 0)


def parse(document: object) -> Inputs:
    """The inputs of an embeddings request; raises `InvalidRequest` naming the field."""
    body = Field(document, brackets=True)
    encoding = body.get("encoding_format")
    return Inputs(
        model=read_model(body.get("model")),
        tokens=tuple(_inputs(body.get("input").require())),
        dimensions=_dimensions(body.get("dimensions")),
        is_base64=not encoding.is_absent and encoding.word(("float", "base64")) == "base64",
    )


def _dimensions(field: Field) -> int:
    if field.is_absent:
        return DIMENSIONS
    if field.integer(1) > DIMENSIONS:
        raise field.refuse(f"must be at most {DIMENSIONS}", "integer_above_max_value")
    return int(field.value)


def _inputs(field: Field) -> list[tuple[str, ...]]:
    """A text, an array of token ids, or an array of either."""
    if not isinstance(field.value, list) or all(isinstance(one, int) for one in field.value):
        return [_tokens(field)]
    if len(field.value) > _MAX_INPUTS:
        raise field.refuse(f"at most {_MAX_INPUTS} inputs", "array_above_max_length")
    return [_tokens(one) for one in field.items()]


def _tokens(field: Field) -> tuple[str, ...]:
    if isinstance(field.value, list):
        found = tuple(f"#{one.integer(0)}" for one in field.items())
    else:
        found = tuple(tokens.split(field.text()))
    if not found:
        raise field.refuse("must not be empty", "invalid_value")
    if len(found) > _MAX_TOKENS:
        raise field.refuse(f"at most {_MAX_TOKENS} tokens", "context_length_exceeded")
    return found


def vector(words: Sequence[str], dimensions: int) -> list[float]:
    """The unit vector of a text: the sum over its tokens, so that likeness shows."""
    total = [0] * dimensions
    for word in words:
        digest = hashlib.shake_256(word.strip().encode()).digest(DIMENSIONS)
        total = [sum_ + 2 * byte - 255 for sum_, byte in zip(total, digest, strict=False)]
    if not any(total):
        total[0] = 1
    length = math.sqrt(sum(value * value for value in total))
    return [round(value / length, _DIGITS) for value in total]


def answer(model: str, asked: Inputs) -> Json:
    """The body of the answer: a vector for each input, in the order of the inputs."""
    vectors = [vector(words, asked.dimensions) for words in asked.tokens]
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": packed(values) if asked.is_base64 else values,
        }
        for index, values in enumerate(vectors)
    ]
    count = asked.usage.input_tokens
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def packed(values: Sequence[float]) -> str:
    """A vector as base64 of little-endian float32, which official clients ask for."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
