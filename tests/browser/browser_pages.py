"""A headless Chromium, axe-core, and reports of real runs to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FAULTS = (
    "anthropic-stream-just-ends",
    "openai-fragment-index-shared",
    "gateway-cap-not-enforced-on-streams",
    "gateway-credential-echoed",
    "openai-stream-created-varies",
)
"""Wrong in several ways: streams, tools, money, keys, and a warning."""

GRAVE = ("serious", "critical")


def chromium() -> str:
    """The browser on this machine; empty for none."""
    named = os.environ.get("CHROMIUM", "")
    return named or shutil.which("chromium") or shutil.which("google-chrome") or ""


def axe() -> Path | None:
    """The script of axe-core, which the environment `accessibility` has npm fetch."""
    named = os.environ.get("AXE_CORE", "")
    return Path(named) if named and Path(named).is_file() else None


@contextmanager
def opened() -> Iterator[Any]:
    """The browser, without any network but what a page asks for."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is installed

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        try:
            yield browser
        finally:
            browser.close()


def violations(page: Any, script: Path) -> dict[str, list[str]]:
    """What axe-core objects to in a page as it stands, by impact."""
    # Evaluated by the debugger's protocol, which the page's own policy does not forbid.
    page.evaluate(script.read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    for violation in page.evaluate("axe.run()")["violations"]:
        places = [node["target"][0] for node in violation["nodes"][:3]]
        found.setdefault(violation["impact"], []).append(f"{violation['id']}: {places}")
    return found
