"""The committed examples: small, of no machine, and all that the pages refer to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "reports" / "examples"
TEXTS = sorted([*EXAMPLES.glob("*.html"), *EXAMPLES.glob("*.md")])


def test_there_is_a_clean_and_a_faulty_example() -> None:
    assert {path.name for path in TEXTS} == {"clean.html", "clean.md", "faulty.html", "faulty.md"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_an_example_names_no_machine_and_holds_no_key(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "http://gateway.example" in text
    assert not re.search(r"127\.0\.0\.1:\d|th-[A-Za-z0-9]{20}|/tmp/|/home/", text)


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_an_example_is_small(path: Path) -> None:
    assert path.stat().st_size < 700_000


@pytest.mark.parametrize("page", ["gallery.md", "support.md"])
def test_a_page_refers_to_files_that_are_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert links and all((ROOT / "docs" / link).is_file() for link in links)


def test_the_walk_names_what_the_example_has() -> None:
    walk = " ".join((ROOT / "docs" / "support.md").read_text(encoding="utf-8").split())
    example = (EXAMPLES / "faulty.html").read_text(encoding="utf-8")
    for anchor in re.findall(r"`#([A-Z]+-[A-Z]+-\d+)`", walk):
        assert f'<article class="finding" id="{anchor}"' in example
    for words in ("Send it again", "Run again", "What users see", "Likely cause", "Not judged"):
        assert words in walk and words in example
    assert "Two calls with one index are merged" in walk
    assert "Two calls with one index are merged" in example
