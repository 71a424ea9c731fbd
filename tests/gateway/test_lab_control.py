"""What the control of a lab refuses, keeps and forgets, and whom it serves."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest
from lab_live import Before, mark

from reference_gateway.lab import scripts
from reference_gateway.lab.received import Ended, Received
from reference_gateway.lab.scripts import Records, Script
from reference_gateway.lab.steps import HEALTHY, Step

WRONG: list[tuple[Any, str]] = [
    ({"stauts": 1}, "steps[0].stauts: is not known here; known: wait_s, close, status"),
    ({"close": "drop"}, "steps[0].close: must be one of close, reset"),
    ({"status": 99}, "must be from 200 to 599"),
    ({"wait_s": "1"}, "steps[0].wait_s: must be a number"),
    ({"wait_s": 601}, "steps[0].wait_s"),
    ({"body": "x", "body_base64": "eA=="}, "together with body"),
    ({"body_base64": "?"}, "must be base64"),
    ({"body": "x", "answer": {}}, "together with body"),
    ({"headers": {"a b": "1"}}, "not the name of a header field"),
    ({"headers": [["a", "1\r\nb: 2"]]}, "must be one line"),
    ({"headers": [["a"]]}, "must be a name and a value"),
    ({"answer": {"txt": "x"}}, "steps[0].answer.txt: is not known here; known: text"),
    ({"answer": {"text": "x", "parts": []}}, "must not be given together with text"),
    ({"answer": {"calls": [{}]}}, "steps[0].answer.calls[0].name"),
    ({"answer": {"text": "ab", "fragments": ["a"]}}, "joined, they must be text"),
    ({"answer": {"text": "ab"}, "stream": {"fragments": ["a"]}}, "the only text of the answer"),
    ({"answer": {"usage": 7}}, "steps[0].answer.usage: must be an object"),
    ({"stream": {"edits": ["no_dne"]}}, "steps[0].stream.edits[0]: must be one of no_done"),
    ({"stream": {"cut": {}}}, "needs after_events or after_bytes"),
    ({"stream": {"cut": {"after_events": 1, "after_bytes": 1}}}, "and not both"),
    ({"stream": {"cut": {"after_events": 1, "how": "x"}}}, "must be one of close, reset, clean"),
    ({"stream": {"bytes_per_write": 0}}, "must be at least 1"),
    ({"stream": {"ping_every_s": 0}}, "steps[0].stream.ping_every_s"),
    ({"stream": {"silence": {"for": 1}}}, "known: after_events, for_s"),
    ({"stream": {"error": {"after_events": -1}}}, "must be at least 0"),
    (7, "steps[0]: must be an object"),
]


@pytest.mark.parametrize(("step", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_step_is_refused_by_name(lab: Before, step: Any, said: str) -> None:
    refusal = lab.control("PUT", "/lab/scripts/0123456789abcdef", {"steps": [step]})
    assert refusal.status_code == 400 and said in refusal.json()["error"]


@pytest.mark.parametrize(
    ("path", "document", "said"),
    [
        ("0123456789abcde", {}, "16 of 0-9a-f"),
        ("0123456789ABCDEF", {}, "16 of 0-9a-f"),
        ("0123456789abcdef", {"step": []}, "known: steps, by_provider"),
        ("0123456789abcdef", {"by_provider": {"a": [{"x": 1}]}}, "by_provider.a[0].x"),
        ("0123456789abcdef", [], "must be an object"),
    ],
)
def test_a_wrong_script_is_refused(lab: Before, path: str, document: Any, said: str) -> None:
    refusal = lab.control("PUT", f"/lab/scripts/{path}", document)
    assert refusal.status_code == 400 and said in refusal.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/lab/scripts/ffffffffffffffff", 404),
        ("DELETE", "/lab/scripts/ffffffffffffffff", 404),
        ("GET", "/lab/nothing", 404),
        ("POST", "/lab", 404),
        ("GET", "/lab/requests?since=x", 400),
        ("GET", "/lab/requests?since=nan", 400),
    ],
)
def test_what_the_control_does_not_know_it_says(
    lab: Before, method: str, path: str, status: int
) -> None:
    refusal = lab.control(method, path)
    assert refusal.status_code == status and refusal.json()["error"]


@pytest.mark.parametrize("sent", [{}, {"authorization": "Bearer x"}], ids=["none", "wrong"])
@pytest.mark.parametrize("path", ["/lab", "/lab/requests", "/lab/scripts/0123456789abcdef"])
def test_the_control_needs_its_token(lab: Before, path: str, sent: dict[str, str]) -> None:
    assert lab.http.get(lab.lab.url + path, headers=sent).status_code == 401


def test_the_lab_says_its_key_and_where_nobody_listens(lab: Before) -> None:
    about = lab.control("GET", "/lab").json()
    assert about == {"key": lab.lab.key, "refused_url": lab.lab.refused_url, "version": 1}
    assert re.fullmatch(r"lab-[0-9a-f]{32}", lab.lab.key)
    with pytest.raises(httpx.ConnectError, match=r"refused|111"):
        lab.http.get(lab.lab.refused_url)


def test_a_script_ends_when_it_is_deleted_and_begins_again_when_it_is_put(lab: Before) -> None:
    script = lab.script({"status": 503})
    path = f"/lab/scripts/{script}"
    assert lab.ask("openai", mark(script)).status == 503
    lab.control("PUT", path, {"steps": [{"status": 500}]})
    assert lab.received(script) == [] and lab.ask("openai", mark(script)).status == 500
    assert lab.control("DELETE", path).status_code == 200
    assert lab.control("GET", path).status_code == 404
    assert lab.ask("openai", mark(script)).status == 200


def test_the_oldest_scripts_and_requests_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "MAX_SCRIPTS", 2)
    monkeypatch.setattr(scripts, "MAX_UNSCRIPTED", 2)
    records = Records()
    for number in range(3):
        records.put(str(number), Script())
        records.add(Received("p", "POST", "/", ()), None)
    assert [received.number for received in records.unscripted(0)] == [2, 3]
    with pytest.raises(KeyError):
        records.get("0")
    assert records.get("1").is_settled


def test_what_is_recorded_fits_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "MAX_RECORDED_BYTES", 25)

    async def filled() -> Records:
        records = Records()
        for number in range(4):
            script = Script()
            records.put(str(number), script)
            for owner in (script, None):
                received = Received("p", "POST", "/", (), body=b"x" * 5)
                records.add(received, owner)
                await records.ended(received, Ended.COMPLETE)
        return records

    records = asyncio.run(filled())
    assert [received.number for received in records.unscripted(0)] == [4]
    assert len(records.get("0").requests) == 1


def test_the_steps_of_a_script_are_its_own() -> None:
    mine, common = Step(status=500), Step(status=503)
    script = Script((common,), {"a": (mine,)})
    assert [script.next_step(name) for name in "abab"] == [mine, common, HEALTHY, HEALTHY]
