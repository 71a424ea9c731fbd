"""What the answer to a plain question says of the place, the key and the model."""

from __future__ import annotations

import re
from enum import Enum

from conformance.model import Response


class Answer(Enum):
    """What a plain question met at a root; the most telling one comes first."""

    WORKS = "works"
    MODEL_REFUSED = "model refused"
    NO_MONEY = "402"
    KEY_REFUSED = "key refused"
    BROKEN = "broken"
    SILENT = "no answer"
    HTML = "HTML"
    NOT_HERE = "not here"


TELLING = tuple(Answer)
"""Where several roots answered, the answer that stands first here is believed."""

_MODEL = re.compile(r"\bmodels?\b", re.I)
_CREDENTIAL = re.compile(r"key|credential|token", re.I)


def answer_of(response: Response | None) -> Answer:
    """The kind of answer that a response is; None for a request that got none."""
    if response is None:
        return Answer.SILENT
    if response.is_html:
        return Answer.HTML
    if _refuses_the_model(response):
        return Answer.MODEL_REFUSED
    return _by_status(response.status)


def _refuses_the_model(response: Response) -> bool:
    """Gateways refuse a model that a key may not use with 401 or 403 too."""
    if response.status in (400, 404):
        return "model" in response.text.lower()
    message = _message(response) if response.status in (401, 403) else ""
    return bool(_MODEL.search(message)) and not _CREDENTIAL.search(message)


def _message(response: Response) -> str:
    """The message of a JSON error, in the forms that gateways give it; empty for none."""
    error = response.object.get("error", response.object)
    message = error.get("message") if isinstance(error, dict) else error
    return message if isinstance(message, str) else ""


def _by_status(status: int) -> Answer:
    if status in (401, 403):
        return Answer.KEY_REFUSED
    if status == 402:
        return Answer.NO_MONEY
    if 300 <= status < 400 or status in (404, 405):
        return Answer.NOT_HERE
    return Answer.WORKS if status < 300 else Answer.BROKEN
