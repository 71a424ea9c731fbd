"""Joins the suite to pytest; inert unless a conformance item is selected.

Loaded with `-p conformance.plugin` (the checkout's addopts, or the console script).
Exactly one process sends: pytest itself after selection, or under xdist the controller
when it has the first worker's selection. Workers judge from the run folder.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from conformance import allure_results, github, hearing, junit, options
from conformance.catalogue import catalogue
from conformance.commands import discovering
from conformance.errors import ConformanceError, PreflightFailure, UsageError
from conformance.exits import Exit, is_excused
from conformance.model import Level, Outcome, Verdict
from conformance.registry import requirements
from conformance.replay import Replay
from conformance.session import Session, default_folder, lacking
from conformance.summary import write_summary
from conformance.target import Target, resolve, resolve_direct
from conformance.verdicts import from_json, to_json

_ITEM = re.compile(r"::test_requirement\[([A-Z]+(?:-[A-Z]+)*-\d+)\]$")

SESSION = pytest.StashKey[Session]()
VERDICT = pytest.StashKey[Verdict]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare our own options."""
    options.add(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> Generator[None, object, object]:
    """Declare `--base-url` last of all, and only where no other plugin did."""
    result = yield
    options.add_base_url(parser)
    return result


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks that requirements carry."""
    scopes = {scope for entry in catalogue().values() for scope in entry.scope}
    for mark in sorted({*map(str, Level), "smoke", *scopes}):
        config.addinivalue_line("markers", f"{mark}: requirements of this level or subject")
    allure_results.key_by_requirement(config)
    if not _is_worker(config):
        config.pluginmanager.register(Notes(config), "conformance-notes")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Say what the target still lacks, or is capable of, where only that was asked for."""
    option = config.option
    if not option.setup_help and not option.discover:
        return None
    try:
        if option.discover:
            return discovering.tell(_target(config), option.fault)
        words = lacking(_target(config), options.manner(config), options.environment())
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from None
    sys.stdout.write(f"{words}\n")
    return 0


def requirement_of(nodeid: str) -> str:
    """The requirement that an item judges; empty for any other item."""
    found = _ITEM.search(nodeid)
    return found[1] if found and found[1] in requirements() else ""


def selected(nodeids: Iterable[str]) -> list[str]:
    """The requirements that some items judge."""
    return [id for id in map(requirement_of, nodeids) if id]


# ------------------------------------------------------------------------ one process sends


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Record before the first item, unless this is a worker, a controller or a listing."""
    config = session.config
    if not (config.option.collectonly or _is_worker(config) or _is_controller(config)):
        _prepare(config, selected(item.nodeid for item in session.items))
    return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the recordings will be."""
    folder = _session(node.config).folder if _resolvable(node.config) else Path()
    node.workerinput["conformance_folder"] = str(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Record in the controller while the workers wait for work."""
    config = node.config
    session = config.stash.get(SESSION, None)
    if not config.option.collectonly and (session is None or session.plan is None):
        _prepare(config, selected(ids))


def _prepare(config: pytest.Config, ids: list[str]) -> None:
    if not ids:
        return
    try:
        session = _session(config)
        session.rehearse(ids) if config.option.dry_run else session.prepare(ids)
    except PreflightFailure as failure:
        reason = f"preflight ({failure.cause}): {failure}"
        raise pytest.exit.Exception(reason, returncode=Exit.PREFLIGHT) from None
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from None
    except Exception as error:
        # A defect of ours, at the boundary of the process: pytest itself could be asked
        # to print the variables of every frame, and some of them hold keys.
        reason = _told(config, error)
        raise pytest.exit.Exception(reason, returncode=pytest.ExitCode.INTERNAL_ERROR) from None
    if config.option.dry_run:
        raise pytest.exit.Exception("dry run: nothing was sent", returncode=Exit.CONFORMS)


def _told(config: pytest.Config, defect: Exception) -> str:
    """Print where the suite broke down, without any key; returns it in one line."""
    session = config.stash.get(SESSION, None)
    if session is not None:
        text = session.redacted("".join(traceback.format_exception(defect)))
        session.output.write(f"\n{text}")
        return session.redacted(f"the suite broke down: {type(defect).__name__}: {defect}")
    return f"the suite broke down: {type(defect).__name__}"


def _session(config: pytest.Config) -> Session:
    """The session of this process, made at first sight; raises ConformanceError."""
    if SESSION not in config.stash:
        paths = options.recordings(config)
        config.stash[SESSION] = _replay(config, paths) if paths else _live(config)
    return config.stash[SESSION]


def _live(config: pytest.Config) -> Session:
    target = _target(config)
    folder = options.report_folder(config) or default_folder(
        target, Path(config.invocation_params.dir)
    )
    output = config.get_terminal_writer()._file
    environ = options.environment()
    direct = resolve_direct(options.wish(config), environ)
    return Session(
        target,
        folder,
        options.manner(config),
        output,
        environ,
        direct=direct,
        gate=options.gate(config),
    )


def _replay(config: pytest.Config, paths: tuple[Path, ...]) -> Session:
    named, kind = config.option.profile, config.option.kind
    profile = hearing.profile_of(paths, named, kind)
    below = Path(config.invocation_params.dir)
    return Replay(
        target=Target("", "recordings", profile, {}, {}, {}),
        folder=options.report_folder(config) or hearing.default_folder(below),
        manner=options.manner(config),
        output=config.get_terminal_writer()._file,
        environ={},
        gate=options.gate(config),
        paths=paths,
        named=named,
        kind=kind,
    )


def _target(config: pytest.Config) -> Target:
    return resolve(options.wish(config), options.environment())


def _resolvable(config: pytest.Config) -> bool:
    """Whether options and environment name a target; what is wrong is said later."""
    try:
        _session(config)
    except UsageError:
        return False
    return True


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _is_controller(config: pytest.Config) -> bool:
    return config.pluginmanager.has_plugin("dsession")


# -------------------------------------------------------------------------- verdicts travel


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the verdict to the report of the phase that shows it."""
    report = yield
    id = requirement_of(item.nodeid)
    if id and (call.when == "call" or (call.when == "setup" and not report.passed)):
        words = str(call.excinfo.value) if call.excinfo else ""
        verdict = item.stash.get(VERDICT, None) or _crashed(id, words)
        report.conformance = to_json(verdict)  # type: ignore[attr-defined]
    return report


def _crashed(id: str, reason: str) -> Verdict:
    """What remains of an item whose check, or whose worker, broke down."""
    level = catalogue()[id].level("gateway")
    return Verdict(id, level, Outcome.INCONCLUSIVE, f"the check broke down: {reason}")


class Notes:
    """Writes verdicts down as their reports arrive, and ends the run; not in workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._others_failed = False

    @property
    def _session(self) -> Session | None:
        """The session, once it has a plan."""
        session = self._config.stash.get(SESSION, None)
        return session if session is not None and session.plan is not None else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the verdict that a report carries."""
        id, session = requirement_of(report.nodeid), self._session
        if not id or session is None:
            self._others_failed = self._others_failed or report.failed
            return
        junit.rename(self._config, report, id)
        if hasattr(report, "conformance"):
            verdict = from_json(report.conformance)
            # What is excused is red only under --runxfail, which asks for just that.
            self._others_failed |= report.failed and is_excused(verdict, session.manner.fail_on)
            session.note(verdict)
        elif report.failed:
            session.note(_crashed(id, report.longreprtext))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fix the exit status, then write footer and report."""
        run = self._session
        if run is None:
            return
        interrupted = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            run.fill()
            session.exitstatus = run.status() or int(self._others_failed)
        run.finish(int(session.exitstatus), interrupted)
        allure_results.complete(self._config, run.folder)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the summary below pytest's own."""
        run = self._session
        if run is None or run.file is None:
            return
        terminalreporter.section("conformance")
        if run.failure is None:
            write_summary(run.verdicts, run.manner.smoke, terminalreporter.write_line)
        for note in run.notes:
            terminalreporter.write_line(note)
        if self._config.getoption("verbose") >= -1:
            terminalreporter.write_line(f"report: {run.folder / 'report.html'}")
        failure = str(run.failure or "")
        github.tell(run.failing, failure, run.markdown, os.environ, terminalreporter.write_line)
