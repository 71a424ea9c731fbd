"""A verdict as an Allure test case: labels, links, parameters, status, and its evidence.

Pure; written down by Allure's own pytest plugin during a run, and by `allure_folder`
from a run folder. Keyed by requirement id, so that history survives files and machines.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

from conformance import archive
from conformance.catalogue import catalogue, issue_url, sources
from conformance.flags import Flag
from conformance.model import Exchange, Headers, Level, Outcome, Request, Response, Verdict
from conformance.registry import requirements
from conformance.report import curl
from conformance.report.attempts import needs_a_look
from conformance.report.findings import symptom_of, title
from conformance.report.listing import visible
from conformance.wording import explained

SEVERITY = {Level.MUST: "critical", Level.SHOULD: "normal", Level.MAY: "minor"}
_STATUS = {
    Outcome.FAIL: "failed",
    Outcome.INCONCLUSIVE: "broken",
    Outcome.KNOWN: "skipped",
    Outcome.NOT_RUN: "skipped",
    Outcome.NOT_APPLICABLE: "skipped",
}
"""What is not named here has passed."""

_EPICS = {"ANT": "Anthropic Messages", "OAI": "OpenAI chat completions", "GW": "Gateway"}
_LARGEST = 200_000


@dataclass(frozen=True)
class Case:
    """What Allure is told; `labels` and `links` are pairs, links of (type, address, name)."""

    id: str
    name: str
    status: str
    message: str
    trace: str
    description: str
    labels: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str, str], ...]
    parameters: tuple[tuple[str, str], ...]
    is_known: bool
    is_flaky: bool


@dataclass(frozen=True)
class Attachment:
    """One file of evidence."""

    name: str
    media_type: str
    extension: str
    text: str


def case(verdict: Verdict) -> Case:
    """The test case of a verdict."""
    id = verdict.requirement
    return Case(
        id=id,
        name=f"{id} {title(id)}",
        status=_status(verdict),
        message=_message(verdict),
        trace=explained(verdict) if verdict.violations and id in requirements() else "",
        description=_description(verdict),
        labels=_labels(verdict),
        links=_links(id),
        parameters=(("level", verdict.level), ("outcome", verdict.outcome)),
        is_known=verdict.outcome is Outcome.KNOWN,
        is_flaky=Flag.FLAKY in verdict.flags,
    )


def _status(verdict: Verdict) -> str:
    if Flag.BAD_BASELINE in verdict.flags:
        return "failed"
    found = _STATUS.get(verdict.outcome, "passed")
    return "skipped" if Flag.UNSCORED in verdict.flags and found != "passed" else found


def _message(verdict: Verdict) -> str:
    """Begins with the symptom's slug, by which the categories sort."""
    row = symptom_of(verdict.requirement)
    if verdict.violations:
        first = verdict.violations[0]
        place = f"{first.exchange} {first.where}".strip()
        said = f"{place}: expected {first.expected}, found {first.actual}"
        return visible(f"[{row.slug}] {row.symptom}\n{said}")
    plain = verdict.outcome in (Outcome.PASS, Outcome.INFO) and not needs_a_look(verdict)
    return "" if plain else visible(f"{verdict.outcome}: {verdict.reason}")


def _description(verdict: Verdict) -> str:
    row, entry = symptom_of(verdict.requirement), catalogue().get(verdict.requirement)
    parts = [f"**Rule.** {entry.rule}"] if entry else []
    if verdict.violations:
        parts += [f"**Likely cause.** {row.cause}", f"**Fix.** {row.fix} (owner: {row.owner})"]
        seen = "\n".join(f"- {seen.client}: {seen.words}" for seen in row.clients)
        parts.append(f"**What users see**\n\n{seen}")
    return "\n\n".join(parts)


def _labels(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    id = verdict.requirement
    family, entry, row = id.rpartition("-")[0], catalogue().get(id), symptom_of(id)
    epic = _EPICS.get(id.partition("-")[0], "Other")
    return (
        ("epic", epic),
        ("feature", family),
        ("story", row.symptom),
        ("parentSuite", epic),
        ("suite", family),
        ("severity", SEVERITY[verdict.level]),
        ("owner", row.owner),
        ("symptom", row.slug),
        *(("tag", word) for word in (verdict.level, *(entry.scope if entry else ()))),
        *(("tag", flag) for flag in verdict.flags),
    )


def _links(id: str) -> tuple[tuple[str, str, str], ...]:
    entry = catalogue().get(id)
    if entry is None:
        return ()
    rules = [sources()[tag] for tag in entry.sources if sources()[tag].url]
    return (
        *(("link", source.url, f"{source.tag}: {source.title}") for source in rules),
        *(("issue", issue_url(reference), reference) for reference in entry.issues),
    )


def evidence(exchange: Exchange) -> tuple[Attachment, ...]:
    """Request, response, events and curl command of an exchange, and all of it as recorded."""
    response = exchange.response
    recorded = json.dumps(archive.exchange_to_json(exchange), ensure_ascii=False, indent=1)
    files = [Attachment("request.http", "text/plain", "http", _request(exchange.request))]
    if response is not None:
        files.append(Attachment("response.http", "text/plain", "http", _response(response)))
        is_stream = exchange.is_streamed or response.media_type == "text/event-stream"
        if is_stream and exchange.events:
            files.append(Attachment("events.csv", "text/csv", "csv", _events(exchange)))
    files.append(Attachment("curl.sh", "text/plain", "sh", curl.command(exchange.request)))
    files.append(Attachment(f"{exchange.id}.json", "application/json", "json", recorded))
    return tuple(files)


def _request(request: Request) -> str:
    body = request.body.decode("utf-8", errors="replace")
    return _http(f"{request.method} {request.url}", request.headers, body)


def _response(response: Response) -> str:
    return _http(f"HTTP {response.status}", response.headers, response.text)


def _http(first: str, headers: Headers, body: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    rest = len(body) - _LARGEST
    shown = body if rest <= 0 else f"{body[:_LARGEST]}\n[{rest:,} more characters]"
    return visible("\n".join(lines)) + f"\n\n{shown}\n"


def _events(exchange: Exchange) -> str:
    """The stream as a table: number, arrival and gap in milliseconds, event, data."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("number", "ms", "gap ms", "event", "data"))
    before_s = 0.0
    for event in exchange.events:
        gap_ms = (event.at_s - before_s) * 1000
        row = (event.index, f"{event.at_s * 1000:.1f}", f"{gap_ms:.1f}", event.name, event.data)
        writer.writerow(visible(str(cell)) for cell in row)
        before_s = event.at_s
    return table.getvalue()
