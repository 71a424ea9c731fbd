"""What a run tells GitHub Actions: annotations of what fails, and the summary of the step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from conformance.model import Verdict
from conformance.wording import shortened

SHOWN = 10
"""GitHub shows so many error annotations of a step; the last one tells of the others."""

_MESSAGE: dict[str, str | int | None] = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: dict[str, str | int | None] = {**_MESSAGE, ":": "%3A", ",": "%2C"}


def error_lines(failing: Iterable[Verdict]) -> Iterator[str]:
    """A workflow command for each failing verdict, as many as are shown."""
    verdicts = list(failing)
    told = verdicts if len(verdicts) <= SHOWN else verdicts[: SHOWN - 1]
    for verdict in told:
        title = f"{verdict.requirement} ({verdict.level.upper()})"
        message = shortened(verdict).removeprefix(f"{verdict.requirement}: ")
        if verdict.violations and verdict.reason:
            message = f"{message}; {verdict.reason}"
        yield _error(title, message)
    if len(told) < len(verdicts):
        yield _error("More requirements fail", f"{len(verdicts) - len(told)} more; see the report")


def tell(
    failing: Iterable[Verdict],
    failure: str,
    summary: str,
    environ: Mapping[str, str],
    write: Callable[[str], None],
) -> None:
    """Print the annotations and append to the step's summary, inside GitHub Actions only.

    `failure` says why nothing could be judged; empty where it could.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    if failure:
        write(_error("Nothing was judged", failure))
    for line in error_lines(failing):
        write(line)
    path = environ.get("GITHUB_STEP_SUMMARY", "")
    if path:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{summary.rstrip()}\n\n")


def _error(title: str, message: str) -> str:
    return f"::error title={_escaped(title, _PROPERTY)}::{_escaped(message, _MESSAGE)}"


def _escaped(text: str, table: dict[str, str | int | None]) -> str:
    return text.translate(str.maketrans(table))
