"""What the lab got from the gateway, as exchanges of the upstream side."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Failure,
    FailureKind,
    Headers,
    Request,
    Response,
    Side,
)

_ENDED = {
    "complete": Ended.COMPLETE,
    "cut": Ended.CUT,
    "left": Ended.ABANDONED,
    "open": Ended.SILENT,
}
_UNANSWERED = {
    "complete": Failure(FailureKind.RESET, "the lab closed the connection, as its script says"),
    "cut": Failure(FailureKind.RESET, "the lab closed the connection, as its script says"),
    "left": Failure(FailureKind.LEFT, "the gateway went away before the answer began"),
    "open": Failure(FailureKind.TIMEOUT, "still without an answer when the scenario looked"),
}


def exchange_of(received: Mapping[str, Any], id: str, lab_url: str) -> Exchange:
    """One request that the lab got, with the answer that it gave and how that ended.

    Raises KeyError, TypeError or ValueError where it is not what a lab says.
    """
    answer, ended = received["answer"], received["ended"]
    return Exchange(
        id=id,
        request=Request(
            received["method"],
            lab_url + received["path"],
            _headers(received["headers"]),
            base64.b64decode(received["body_base64"], validate=True),
        ),
        response=_response(answer, _ENDED[ended]) if answer else None,
        failure=None if answer else _UNANSWERED[ended],
        started_at=received["started_at"],
        side=Side.UPSTREAM,
        provider=received["provider"],
    )


def _response(answer: Mapping[str, Any], ended: Ended) -> Response:
    return Response(
        status=answer["status"],
        headers=_headers(answer["headers"]),
        chunks=tuple(
            Chunk(at_s, base64.b64decode(data, validate=True)) for at_s, data in answer["chunks"]
        ),
        ended=ended,
        headers_at_s=answer["headers_at_s"],
        ended_at_s=answer["ended_at_s"],
    )


def _headers(rows: Iterable[tuple[str, str]]) -> Headers:
    return tuple((name, value) for name, value in rows)
