"""Makes the example reports and their pictures: `tox run -e gallery`.

The host and the port are written over, so that an example names no machine; times, ids
and what depends on them are as they were measured.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from conformance import report

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "reports" / "examples"
ADDRESS = "http://gateway.example"

RUNS = {
    "clean": (),
    "faulty": (
        "anthropic-stream-just-ends",
        "openai-fragment-index-shared",
        "gateway-cap-not-enforced-on-streams",
        "openai-stream-created-varies",
    ),
}
PICTURES = {
    "clean-light": ("clean", "", "light", 1100),
    "faulty-light": ("faulty", "", "light", 1100),
    "faulty-dark": ("faulty", "#OAI-TOOL-023", "dark", 1100),
    "faulty-evidence": ("faulty", "#openai-parallel-tools-stream-1-at-events-", "light", 1100),
    "faulty-phone": ("faulty", "", "light", 390),
}


def main() -> None:
    """Make every example, and its pictures where there is a browser."""
    EXAMPLES.mkdir(parents=True, exist_ok=True)
    for name, faults in RUNS.items():
        with tempfile.TemporaryDirectory() as place:
            made = example(Path(place) / "run", faults)
            for kind in (".html", ".md"):
                source = made / ("report.html" if kind == ".html" else "summary.md")
                shutil.copyfile(source, EXAMPLES / f"{name}{kind}")
    if shutil.which("chromium") and find_spec("playwright"):
        pictures()


def example(folder: Path, faults: tuple[str, ...]) -> Path:
    """A run of the embedded gateway, told as one of a gateway elsewhere."""
    options = [f"--fault={fault}" for fault in faults]
    command = [sys.executable, "-m", "conformance", "run", "-q", f"--report-dir={folder}"]
    subprocess.run([*command, *options], cwd=folder.parent, check=False, timeout=120)
    for path in [folder / "verdicts.jsonl", *(folder / "recordings").glob("*.json")]:
        path.write_text(anonymous(path.read_text(encoding="utf-8")), encoding="utf-8")
    report.write(folder)
    summary = folder / "summary.md"
    text = summary.read_text(encoding="utf-8")
    summary.write_text(text.replace(f"{folder}/", "reports/runs/example/"), encoding="utf-8")
    return folder


def anonymous(text: str) -> str:
    """The text with the loopback address and its port written over."""
    text = re.sub(r"http://127\.0\.0\.1:\d+", ADDRESS, text)
    return re.sub(r"127\.0\.0\.1:\d+", ADDRESS.removeprefix("http://"), text)


def pictures() -> None:
    """Take a picture of each page that the gallery shows."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where it is installed

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, (page, hash, scheme, width) in PICTURES.items():
            size = {"width": width, "height": 900}
            tab = browser.new_page(viewport=size, color_scheme=scheme)
            tab.goto(f"{(EXAMPLES / page).with_suffix('.html').as_uri()}")
            if hash:
                wanted = tab.evaluate("(h) => document.querySelector(`[id^='${h}']`).id", hash[1:])
                tab.goto(f"{tab.url.split('#')[0]}#{wanted}")
                tab.wait_for_selector(".looked-at", state="visible")
            tab.screenshot(path=EXAMPLES / f"{name}.png")
            tab.close()
        browser.close()


if __name__ == "__main__":
    main()
