"""Faults of embeddings: what is encoded how, and which vector belongs to which text."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from dataclasses import replace

from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Json
from reference_gateway.embeddings import packed
from reference_gateway.errors import ModelNotSupported, NoSuchPath
from reference_gateway.faults.places import EMBEDDINGS, answers, replies, resolution
from reference_gateway.faults.registry import fault
from reference_gateway.seams import Reply, Resolve
from reference_gateway.wire import dump

_DESCRIPTION = "OpenAI API description, CreateEmbeddingResponse"
_NODE = "openai for JavaScript, resources/embeddings: asks for base64 and decodes blindly"


def _values(text: str) -> list[float]:
    data = base64.b64decode(text)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def _change(body: Json, change: Callable[[list[float]], list[float]]) -> None:
    """Change every vector, in whichever form it comes."""
    for entry in body["data"]:
        found = entry["embedding"]
        if isinstance(found, str):
            entry["embedding"] = packed(change(_values(found)))
        else:
            entry["embedding"] = change(found)


@fault(
    "openai-embeddings-missing",
    replies(EMBEDDINGS, 200),
    kills=("OAI-EMB-001",),
    origin="OpenAI API description, createEmbedding",
)
def missing(call: Call, reply: Reply) -> Reply:
    """The endpoint is claimed and not served: 404."""
    body = call.wire.error(NoSuchPath(), call.request_id)
    return replace(reply, status=404, body=dump(body).encode())


@fault(
    "openai-embeddings-without-index",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-001",),
    origin=_DESCRIPTION,
)
def without_index(body: Json) -> None:
    """Entries have no index."""
    for entry in body["data"]:
        del entry["index"]


@fault(
    "openai-embeddings-without-usage",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-001",),
    origin=_DESCRIPTION,
)
def without_usage(body: Json) -> None:
    """The answer says nothing of its cost."""
    del body["usage"]


@fault(
    "openai-embeddings-entries-reversed",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-002",),
    origin=_DESCRIPTION,
)
def entries_reversed(body: Json) -> None:
    """The entries come in the order in which they were finished."""
    body["data"].reverse()


@fault(
    "openai-embeddings-vectors-swapped",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-002",),
    origin=_DESCRIPTION,
)
def vectors_swapped(body: Json) -> None:
    """The entries are numbered in order, but hold each other's vectors."""
    vectors = [entry["embedding"] for entry in body["data"]]
    for entry, vector in zip(body["data"], reversed(vectors), strict=True):
        entry["embedding"] = vector


@fault(
    "openai-embeddings-first-input-only",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-002",),
    origin=_DESCRIPTION,
)
def first_only(body: Json) -> None:
    """Of several inputs only the first is answered."""
    del body["data"][1:]


@fault(
    "openai-embeddings-base64-ignored",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-003",),
    origin=_NODE,
)
def base64_ignored(body: Json) -> None:
    """Numbers are answered where base64 was asked for."""
    for entry in body["data"]:
        if isinstance(entry["embedding"], str):
            entry["embedding"] = _values(entry["embedding"])


@fault(
    "openai-embeddings-big-endian",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-003",),
    origin=_NODE,
)
def big_endian(body: Json) -> None:
    """The bytes of the base64 come in network order."""
    for entry in body["data"]:
        if isinstance(entry["embedding"], str):
            values = _values(entry["embedding"])
            data = struct.pack(f">{len(values)}f", *values)
            entry["embedding"] = base64.b64encode(data).decode()


@fault(
    "openai-embeddings-double-precision",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-003",),
    origin=_NODE,
)
def double_precision(body: Json) -> None:
    """The base64 holds float64."""
    for entry in body["data"]:
        if isinstance(entry["embedding"], str):
            values = _values(entry["embedding"])
            data = struct.pack(f"<{len(values)}d", *values)
            entry["embedding"] = base64.b64encode(data).decode()


@fault(
    "openai-embeddings-always-base64",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-004",),
    origin="Perplexity, embeddings: base64 where nothing was asked for",
)
def always_base64(body: Json) -> None:
    """Base64 is answered where numbers were expected."""
    for entry in body["data"]:
        if isinstance(entry["embedding"], list):
            entry["embedding"] = packed(entry["embedding"])


@fault(
    "openai-embeddings-lengths-differ",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-004",),
    origin=_DESCRIPTION,
)
def lengths_differ(body: Json) -> None:
    """The vector of a later text is shorter."""
    for entry in body["data"][1:]:
        del entry["embedding"][-1]


@fault(
    "openai-embeddings-numbers-rounded",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-005",),
    origin=_DESCRIPTION,
)
def rounded(body: Json) -> None:
    """Numbers are rounded to two digits, base64 is not."""
    for entry in body["data"]:
        if isinstance(entry["embedding"], list):
            entry["embedding"] = [round(value, 2) for value in entry["embedding"]]


@fault(
    "openai-embeddings-dimensions-ignored",
    answers(EMBEDDINGS),
    kills=("OAI-EMB-006",),
    origin=f"{_DESCRIPTION}: dimensions",
)
def dimensions_ignored(body: Json) -> None:
    """Vectors have another length than the request asked for."""
    _change(body, lambda values: values + values)


@fault(
    "openai-embeddings-unknown-model-served",
    resolution(EMBEDDINGS),
    kills=("OAI-EMB-006",),
    origin="https://github.com/vllm-project/aibrix/issues/397",
)
def unknown_served(call: Call, name: str, proceed: Resolve) -> Model:
    """An unknown model is answered by another one, whose vectors fit no index."""
    try:
        return proceed(call, name)
    except ModelNotSupported:
        return proceed(call, "scripted-embedding")
