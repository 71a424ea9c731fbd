"""A recorded request as a `curl` command that a shell runs as it stands.

Everything is in single quotes but the credentials: where redaction left
`[key:ROLE:whole]` the command names an environment variable instead.
"""

from __future__ import annotations

import base64

from conformance.model import Headers, Request
from conformance.redaction import MARK
from conformance.report.listing import visible

BREAK = " \\\n  "
"""Between the words of the command: a line that goes on."""

# curl sets these by itself, and right for what it sends.
_OWN = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
_LONGEST_BODY = 60_000


def command(request: Request) -> str:
    """The command on several lines; a body that no shell can hold comes from a file."""
    words = [f"curl -sS -i -N{_globbing(request.url)} -X {quoted(request.method)}"]
    words.append(quoted(request.url))
    words += [f"-H {quoted(header)}" for header in _headers(request.headers)]
    source, data = _data(request.body)
    return source + BREAK.join([*words, *data])


def quoted(text: str) -> str:
    """One shell word that stands for the text, with variables for whole credentials."""
    pieces: list[str] = []
    position = 0
    for mark in MARK.finditer(text):
        if mark["part"] == "whole":
            pieces += [_single(text[position : mark.start()]), f'"${variable(mark["role"])}"']
            position = mark.end()
    pieces.append(_single(text[position:]))
    return "".join(pieces) or "''"


def variable(role: str) -> str:
    """The environment variable that holds the key of a role."""
    return "GATEWAY_API_KEY" if role == "valid" else f"GATEWAY_{role.upper()}_KEY"


def variables(request: Request) -> tuple[str, ...]:
    """The variables that the command reads."""
    texts = [request.url, *(value for _, value in request.headers), _text(request.body)]
    roles = [m["role"] for text in texts for m in MARK.finditer(text) if m["part"] == "whole"]
    return tuple(dict.fromkeys(variable(role) for role in roles))


def _single(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'" if text else ""


def _globbing(url: str) -> str:
    return " -g" if any(character in MARK.sub("", url) for character in "[]{}") else ""


def _headers(headers: Headers) -> list[str]:
    # An empty header needs a semicolon: `name:` tells curl to leave it out.
    kept = [(name, value) for name, value in headers if name.lower() not in _OWN]
    return [f"{name}: {value}" if value else f"{name};" for name, value in kept]


def _data(body: bytes) -> tuple[str, list[str]]:
    """What stands before the command, and its words for the body."""
    if not body:
        return "", []
    if len(body) > _LONGEST_BODY:
        return "", ["--data-binary @body.json"]
    # A page would change what is hidden (CR becomes LF), and no argument can hold NUL.
    text = _text(body)
    if text and visible(text) == text:
        return "", [f"--data-raw {quoted(text)}"]
    encoded = base64.b64encode(body).decode("ascii")
    return f"printf %s {encoded} | base64 -d | ", ["--data-binary @-"]


def _text(body: bytes) -> str:
    """The body as text; empty where it is not UTF-8."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return ""
