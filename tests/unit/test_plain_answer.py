"""An answer to a plain question tells a refused model from a refused key."""

from __future__ import annotations

import json

import pytest
from unit_exchanges import response

from conformance.plain_answer import Answer, answer_of


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (200, "", Answer.WORKS),
        (400, "unknown model", Answer.MODEL_REFUSED),
        (404, "The model is not here", Answer.MODEL_REFUSED),
        (403, "your plan has no access to model demo-1", Answer.MODEL_REFUSED),
        (401, "Models of this kind are not enabled", Answer.MODEL_REFUSED),
        (403, "this key may not use this model", Answer.KEY_REFUSED),
        (401, "no valid credentials for this model", Answer.KEY_REFUSED),
        (401, "the token does not cover the model", Answer.KEY_REFUSED),
        (403, "remodelled", Answer.KEY_REFUSED),
        (401, "", Answer.KEY_REFUSED),
        (402, "no money for this model", Answer.NO_MONEY),
        (404, "", Answer.NOT_HERE),
        (405, "", Answer.NOT_HERE),
        (307, "", Answer.NOT_HERE),
        (400, "", Answer.BROKEN),
        (429, "", Answer.BROKEN),
        (500, "the model crashed", Answer.BROKEN),
    ],
)
def test_an_answer_is_told_by_its_status_and_its_message(
    status: int, message: str, expected: Answer
) -> None:
    body = json.dumps({"error": {"type": "x", "message": message}})

    assert answer_of(response(body.encode(), status=status)) is expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"error": "model not allowed"}', id="a text"),
        pytest.param('{"message": "model not allowed"}', id="without envelope"),
    ],
)
def test_a_message_is_found_in_other_forms_of_error(body: str) -> None:
    assert answer_of(response(body.encode(), status=403)) is Answer.MODEL_REFUSED


@pytest.mark.parametrize("body", ["model", "[]", '{"error": null}', '{"error": {"message": 1}}'])
def test_an_error_without_message_is_told_by_its_status(body: str) -> None:
    assert answer_of(response(body.encode(), status=403)) is Answer.KEY_REFUSED


def test_no_answer_is_silence() -> None:
    assert answer_of(None) is Answer.SILENT
