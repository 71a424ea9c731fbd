"""Other people's recorders, live against the reference gateway, judged as the live run."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from conformance import embedded
from conformance.connection import Deadlines
from conformance.control.reference import ReferenceControl
from conformance.judge import Judge
from conformance.kinds import Kind
from conformance.model import Outcome, Part, Verdict
from conformance.plan import plan
from conformance.registry import requirements
from conformance.run import Conditions, record
from conformance.secret import Secret
from conformance.target import Wish, resolve
from reference_gateway.app import serve
from reference_gateway.config import Config
from tests.offline.offline_files import heard, of, outcomes

UNRECOGNISED = {
    Kind.ANTHROPIC_TOKEN_COUNT,
    Kind.ANTHROPIC_MODEL_LIST,
    Kind.ANTHROPIC_MODEL,
    Kind.OPENAI_MODEL_LIST,
    Kind.OPENAI_MODEL,
}
"""What other people's traffic is not taken for: lists and counts look alike everywhere."""

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FETCH = """async ([path, headers, body]) => {
    const answer = await fetch(path, {method: 'POST', headers, body});
    return [answer.status, (await answer.text()).length];
}"""


async def _recorded(faults: tuple[str, ...], folder: Path) -> dict[str, Verdict]:
    """The verdicts of a live run, one request after the other."""
    ids = list(requirements())
    async with serve(Config(faults=faults)) as gateway:
        target = resolve(Wish(), {}).started(f"{gateway.base_url}/api", Secret(gateway.key))
        control = ReferenceControl(gateway.control_url, Secret(gateway.control_token))
        conditions = Conditions(folder, Deadlines(5, 5, 10), 1, lambda *_: None)
        recorded = await record(target, plan(ids, target.profile), control, conditions)
    return dict(Judge(recorded.recordings, target.profile).verdicts(ids))


@pytest.mark.parametrize(
    ("serializer", "faults"),
    [
        pytest.param("yaml", (), id="healthy, in YAML"),
        pytest.param("json", ("openai-stream-without-done",), id="with a fault, in JSON"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_cassette_of_vcrpy_is_judged_as_the_run_that_it_recorded(
    serializer: str, faults: tuple[str, ...], tmp_path: Path
) -> None:
    vcr = pytest.importorskip("vcr", reason="vcrpy is not installed")
    cassette = tmp_path / "cassette"
    with vcr.VCR(serializer=serializer, record_mode="all").use_cassette(str(cassette)):
        live = asyncio.run(_recorded(faults, tmp_path / "recordings"))

    found = outcomes(heard(cassette))
    assert found == {id: str(live[id].outcome) for id in found}
    assert set(found) == {
        id
        for id, requirement in requirements().items()
        if set(requirement.kinds) - UNRECOGNISED
        and live[id].outcome is not Outcome.NOT_RUN
        # No cassette keeps when the bytes arrived.
        and Part.TIMES not in requirement.reads
    }


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_har_of_chromium_is_judged_clean(tmp_path: Path) -> None:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    har, asked = (
        tmp_path / "browser.har",
        ("anthropic-stream#1", "openai-plain#1", "openai-stream#1"),
    )
    with embedded.started() as gateway, api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(record_har_path=str(har), record_har_content="embed")
        page = context.new_page()
        page.goto(f"{gateway.base_url}/v1/models")
        for id in asked:
            request = of(id).request
            headers = {"content-type": "application/json"} | {
                "authorization": f"Bearer {gateway.key.reveal()}",
                "anthropic-version": "2023-06-01",
            }
            status, length = page.evaluate(FETCH, [request.path, headers, json.dumps(request.json)])
            assert (status, length > 100) == (200, True)
        context.close()
        browser.close()

    hearing = heard(har)
    assert hearing.kinds == {
        Kind.OTHER: 1,
        Kind.ANTHROPIC_STREAM: 1,
        Kind.OPENAI_COMPLETION: 1,
        Kind.OPENAI_STREAM: 1,
    }
    assert set(outcomes(hearing).values()) == {"pass"}
