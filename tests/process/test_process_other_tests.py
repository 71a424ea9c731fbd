"""The plugin leaves other people's tests alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from process_run import LEAN, environment
from process_servers import always, serving

_PASSING = "def test_sound():\n    pass\n"
_FAILING = "def test_broken():\n    raise AssertionError('not ours')\n"
_LOOKALIKE = (
    "import pytest\n\n@pytest.mark.parametrize('x', ['OAI-SSE-999', 'A-1'])\n"
    "def test_requirement(x):\n    pass\n"
)


@pytest.mark.parametrize(
    ("text", "status", "workers"),
    [
        (_PASSING, 0, "0"),
        (_FAILING, 1, "0"),
        (_LOOKALIKE, 0, "0"),
        ("", 5, "0"),
        ("def test_x(:\n", 2, "0"),
        (_PASSING, 0, "2"),
        (_FAILING, 1, "2"),
    ],
    ids=["sound", "red", "alike", "empty", "broken", "sound, workers", "red, workers"],
)
def test_other_tests_keep_their_exit_status_and_nothing_is_sent(
    tmp_path: Path, text: str, status: int, workers: str
) -> None:
    (tmp_path / "test_other.py").write_text(text)
    with serving(always("200 OK", "application/json", "{}")) as server:
        found = _pytest(tmp_path, f"--base-url={server.url}", "-n", workers)
    assert found.returncode == status, found.stdout
    assert not server.targets
    assert {path.name for path in tmp_path.iterdir()} <= {"test_other.py", "__pycache__"}
    assert "conformance ==" not in found.stdout and "target:" not in found.stdout


@pytest.mark.parametrize("options", [("--base-url=nowhere",), ("--profile=nobody",)])
def test_other_tests_are_not_told_about_our_options(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "test_other.py").write_text(_PASSING)
    assert _pytest(tmp_path, *options).returncode == 0


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(("text", "status"), [(_PASSING, 0), (_FAILING, 1)], ids=["sound", "red"])
def test_a_mixed_selection_stays_as_red_as_its_other_tests(
    suite, tmp_path: Path, text: str, status: int, workers: str
) -> None:
    other = tmp_path / "test_other.py"
    other.write_text(text)
    found = suite("conformance/suite/test_gateway.py", str(other), "-n", workers, "-k", _MIXED)
    assert found.status == status
    assert found.judged.footer["exit_status"] == status
    assert set(found.outcomes.values()) == {"pass"}


_MIXED = "GW-AUTH-009 or test_other"


def _pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Plain pytest in a folder of somebody else, with our plugin loaded."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "conformance.plugin", *LEAN),
            *("-p", "no:cacheprovider", f"--rootdir={folder}", *arguments),
        ],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
