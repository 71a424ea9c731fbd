"""Turns requirements into items, and verdicts into what pytest does with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from conformance import allure_results, archive, direct, hearing, options, profile
from conformance.catalogue import catalogue
from conformance.errors import UsageError
from conformance.exits import is_excused, is_failing
from conformance.flags import Flag
from conformance.flaky import flagged, recovered
from conformance.gate import Gate, unsent
from conformance.judge import Judge
from conformance.model import Level, Outcome, Recording, Verdict
from conformance.plugin import SESSION, VERDICT
from conformance.profile import Profile
from conformance.registry import requirements
from conformance.replay import Heard
from conformance.summary import is_smoke
from conformance.target import direct_profile_of, profile_of
from conformance.wording import explained, shortened

_SKIPPED = {Outcome.NOT_RUN, Outcome.NOT_APPLICABLE}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per requirement of the module's area, marked by level and subject."""
    if "requirement_id" in metafunc.fixturenames:
        kind = _profile(metafunc.config).kind
        area = metafunc.module.AREA
        ids = [r.id for r in requirements().values() if r.page == area]
        metafunc.parametrize(
            "requirement_id", [pytest.param(id, id=id, marks=_marks(id, kind)) for id in ids]
        )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Real clients are many and have to be installed: they are shown where they are asked for."""
    is_left_out = collection_path.name == "test_clients.py" and not _asks_for_clients(config)
    return True if is_left_out else None


def _asks_for_clients(config: pytest.Config) -> bool:
    return "clients" in config.option.include


def _marks(id: str, kind: str) -> list[pytest.MarkDecorator]:
    entry = catalogue()[id]
    level = entry.level(kind)
    names = [str(level), *entry.scope, *(["smoke"] if is_smoke(id, level) else [])]
    return [getattr(pytest.mark, name) for name in names]


def _profile(config: pytest.Config) -> Profile:
    """The profile of the run; what is wrong with the options is said before the first item."""
    try:
        paths = options.recordings(config)
        if paths:
            return hearing.profile_of(paths, config.option.profile, config.option.kind)
        return profile_of(options.wish(config), options.environment())
    except UsageError:
        return profile.load("generic")


@pytest.fixture(scope="session")
def recordings(pytestconfig: pytest.Config) -> Mapping[str, Recording]:
    """What was recorded before the first item, read from the run folder."""
    return archive.read_all(_folder(pytestconfig) / "recordings")


@pytest.fixture(scope="session")
def judge(recordings: Mapping[str, Recording], pytestconfig: pytest.Config) -> Judge | Heard:
    """Judges over the recordings of this run, or knows what was heard of other files."""
    if pytestconfig.option.recordings:
        return Heard(_folder(pytestconfig))
    return Judge(recordings, _profile(pytestconfig))


@pytest.fixture(scope="session")
def provider(pytestconfig: pytest.Config) -> Judge | None:
    """Judges over the provider's recordings, where `--reference-url` named one."""
    folder = _folder(pytestconfig) / direct.FOLDER
    if not folder.is_dir():
        return None
    profile = direct_profile_of(options.wish(pytestconfig), options.environment())
    return Judge(archive.read_all(folder / "recordings"), profile)


@pytest.fixture(scope="session")
def gate(pytestconfig: pytest.Config) -> Gate:
    """What verdicts are held against: baseline and edition."""
    return options.gate(pytestconfig)


@pytest.fixture(scope="session")
def judged(
    judge: Judge | Heard,
    provider: Judge | None,
    recordings: Mapping[str, Recording],
    gate: Gate,
) -> Callable[[str], Verdict]:
    """Gives the verdict on a requirement with all that goes with it."""
    tries = recovered(recordings)
    missing = unsent(recordings)

    def judged(id: str) -> Verdict:
        verdict = judge.verdict(id)
        if isinstance(judge, Judge):
            verdict = flagged(verdict, judge, tries)
        if provider is not None:
            verdict = direct.flagged(verdict, provider.verdict(id))
        return gate.passed(verdict, missing)

    return judged


@pytest.fixture
def verdict(
    requirement_id: str, judged: Callable[[str], Verdict], request: pytest.FixtureRequest
) -> Verdict:
    """The verdict on the item's requirement; undecided ones end here, in set-up."""
    verdict = judged(requirement_id)
    request.node.stash[VERDICT] = verdict
    allure_results.describe(verdict)
    is_unscored = Flag.UNSCORED in verdict.flags
    if verdict.outcome in _SKIPPED or (verdict.outcome is Outcome.INCONCLUSIVE and is_unscored):
        pytest.skip(f"{verdict.outcome}: {verdict.reason}")
    if verdict.outcome is Outcome.INCONCLUSIVE:
        pytest.fail(f"{verdict.outcome}: {verdict.reason}", pytrace=False)
    return verdict


@pytest.fixture
def conclude(
    pytestconfig: pytest.Config, recordings: Mapping[str, Recording]
) -> Callable[[Verdict], None]:
    """Fails the item where the verdict does, at the level that the user chose.

    What is known, or broken and newer than the edition, is an expected failure; it would
    be red under `--runxfail`, which asks to see those.
    """
    fail_on, flaky = Level(pytestconfig.option.fail_on), pytestconfig.option.fail_flaky

    def conclude(verdict: Verdict) -> None:
        allure_results.attach_evidence(verdict, recordings)
        if is_excused(verdict, fail_on):
            pytest.xfail(f"{verdict.outcome}: {verdict.reason or shortened(verdict)}")
            pytest.fail(explained(verdict), pytrace=False)
        if is_failing(verdict, fail_on, flaky):
            pytest.fail(explained(verdict), pytrace=False)

    return conclude


def _folder(config: pytest.Config) -> Path:
    if hasattr(config, "workerinput"):
        return Path(config.workerinput["conformance_folder"])
    return config.stash[SESSION].folder
