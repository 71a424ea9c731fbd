"""A folder of Allure results: what stands beside the cases, and the cases of a run folder."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance import archive
from conformance.model import Exchange, Recording, Verdict
from conformance.report.attempts import by_exchange
from conformance.report.case import Attachment, Case, case, evidence
from conformance.report.symptoms import symptoms
from conformance.verdicts import Judged

Json = dict[str, Any]


def write(folder: Path, judged: Judged, recordings: Mapping[str, Recording]) -> None:
    """Write the results of a run: a case per verdict, with the evidence of what is broken."""
    folder.mkdir(parents=True, exist_ok=True)
    exchanges = by_exchange(recordings)
    started_ms = _milliseconds(judged.header.get("started_at", ""))
    for at_ms, verdict in enumerate(judged.verdicts, started_ms):
        id = _uuid(judged, verdict.requirement)
        steps = list(_steps(folder, id, verdict, exchanges, at_ms))
        result = {"uuid": id, **_result(case(verdict), at_ms), "steps": steps}
        _write_json(folder / f"{id}-result.json", result)
    write_beside(folder, judged)


def write_beside(folder: Path, judged: Judged) -> None:
    """Write categories, environment and executor, by which Allure sorts and heads a report."""
    _write_json(folder / "categories.json", categories())
    archive.write_whole(folder / "environment.properties", _properties(environment(judged)))
    _write_json(folder / "executor.json", executor(os.environ))


def key(id: str) -> str:
    """What Allure knows a requirement by, in every run and on every machine."""
    return hashlib.md5(id.encode(), usedforsecurity=False).hexdigest()


def categories() -> list[Json]:
    """Failures by symptom, in the user's words; then what could not be judged."""
    by_symptom = [
        {
            "name": row.symptom,
            "description": f"{row.cause} {row.fix}",
            "matchedStatuses": ["failed"],
            "messageRegex": rf"[\s\S]*\[{row.slug}\][\s\S]*",
        }
        for row in symptoms().values()
    ]
    rest = (
        ("Inconclusive", "broken", "inconclusive"),
        ("Known failure", "skipped", r"\["),
        ("Not run", "skipped", "not_run"),
        ("Not applicable", "skipped", "not_applicable"),
    )
    return [
        *by_symptom,
        *(
            {
                "name": name,
                "matchedStatuses": [status],
                "messageRegex": rf"(?:Skipped: |Failed: )?{word}[\s\S]*",
            }
            for name, status, word in rest
        ),
    ]


def environment(judged: Judged) -> dict[str, str]:
    """What the run was made with."""
    header = judged.header
    rows: dict[str, object] = {
        "Suite version": header.get("suite_version"),
        "Target": header.get("target"),
        "Profile": header.get("profile"),
        "Kind": header.get("kind"),
        "Started": header.get("started_at"),
        "Exit status": judged.footer.get("exit_status", "none, the run was interrupted"),
        "Requests": judged.footer.get("requests"),
        **{f"Model {role}": name for role, name in judged.preflight.get("models", {}).items()},
        **{f"Root {protocol}": url for protocol, url in judged.preflight.get("roots", {}).items()},
    }
    return {name: str(value) for name, value in rows.items() if value not in (None, "")}


def executor(environ: Mapping[str, str]) -> Json:
    """Who ran it: the CI that the environment tells of, or this suite by hand."""
    if environ.get("GITHUB_ACTIONS"):
        run = environ.get("GITHUB_RUN_ID", "")
        place = f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}"
        number = environ.get("GITHUB_RUN_NUMBER", "")
        return _built("GitHub Actions", "github", number, f"{place}/actions/runs/{run}")
    if environ.get("GITLAB_CI"):
        number = environ.get("CI_PIPELINE_IID", "")
        return _built("GitLab CI", "gitlab", number, environ.get("CI_PIPELINE_URL", ""))
    if environ.get("JENKINS_URL"):
        number = environ.get("BUILD_NUMBER", "")
        return _built("Jenkins", "jenkins", number, environ.get("BUILD_URL", ""))
    return {"name": "gateway-conformance", "type": "local"}


def _built(name: str, type: str, number: str, url: str) -> Json:
    table: Json = {"name": name, "type": type, "buildName": f"#{number}", "buildUrl": url}
    return {**table, "buildOrder": int(number)} if number.isdigit() else table


def _result(found: Case, at_ms: int) -> Json:
    details = {"message": found.message, "trace": found.trace}
    return {
        "historyId": key(found.id),
        "testCaseId": key(found.id),
        "fullName": found.id,
        "name": found.name,
        "status": found.status,
        "statusDetails": {**details, "known": found.is_known, "flaky": found.is_flaky},
        "description": found.description,
        "labels": [{"name": name, "value": value} for name, value in found.labels],
        "links": [{"type": t, "url": url, "name": name} for t, url, name in found.links],
        "parameters": [
            {"name": name, "value": value, "excluded": True} for name, value in found.parameters
        ],
        "titlePath": [value for name, value in found.labels if name in ("epic", "feature")],
        "stage": "finished",
        "start": at_ms,
        "stop": at_ms,
    }


def _steps(
    folder: Path, id: str, verdict: Verdict, exchanges: Mapping[str, Exchange], at_ms: int
) -> Iterator[Json]:
    """A step for each exchange that breaks the requirement, with its files."""
    broken = dict.fromkeys(violation.exchange for violation in verdict.violations)
    for number, name in enumerate(name for name in broken if name in exchanges):
        files = evidence(exchanges[name])
        yield {
            "name": name,
            "status": "failed",
            "start": at_ms,
            "stop": at_ms,
            "attachments": [_attach(folder, f"{id}-{number}", file) for file in files],
        }


def _attach(folder: Path, prefix: str, file: Attachment) -> Json:
    stem = "recorded" if file.media_type == "application/json" else file.name.partition(".")[0]
    source = f"{prefix}-{stem}-attachment.{file.extension}"
    archive.write_whole(folder / source, file.text)
    return {"name": file.name, "source": source, "type": file.media_type}


def _uuid(judged: Judged, id: str) -> str:
    run = f"{judged.header.get('target')} {judged.header.get('started_at')} {id}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, run))


def _milliseconds(started_at: str) -> int:
    try:
        return int(datetime.fromisoformat(started_at).timestamp() * 1000)
    except ValueError:
        return int(datetime(1970, 1, 1, tzinfo=UTC).timestamp())


def _properties(rows: Mapping[str, str]) -> str:
    """As Java reads properties: no space in a name, no line end in a value."""
    lines = (f"{n.replace(' ', '.')} = {' '.join(v.split())}" for n, v in rows.items())
    return "".join(f"{line}\n".replace("\\", "\\\\") for line in lines)


def _write_json(path: Path, value: object) -> None:
    archive.write_whole(path, json.dumps(value, ensure_ascii=False, indent=1))
