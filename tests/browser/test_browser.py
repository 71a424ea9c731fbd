"""The report in a real browser: its script, its filters, narrow pages, paper, accessibility."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser_pages import GRAVE, axe, violations

OPEN_SOME = """
const one = document.querySelector("details.exchange:not(.marked)");
const marked = [...document.querySelectorAll("details.marked")].slice(0, 4);
for (const node of [one, ...marked, ...document.querySelectorAll("details.more")]) {
  if (node) node.open = true;
}
"""
"""Opens a plain exchange, some marked ones and every list: the others are made alike."""

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 800}


@pytest.fixture
def open_page(browser, reports: dict[str, Path]):
    """Opens a report; whatever the page says on its console, or asks of the network, fails."""
    opened: list[Any] = []
    said: list[str] = []

    def open_page(name: str, hash: str = "", size=WIDE, scheme: str = "light"):
        page = browser.new_page(viewport=size, color_scheme=scheme)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda r: said.append(r.url) if not r.url.startswith("file:") else None)
        opened.append(page)
        page.goto(f"{reports[name].as_uri()}{hash}")
        return page

    yield open_page
    for page in opened:
        page.close()
    assert said == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["clean", "failing"])
def test_axe_finds_no_grave_violation(open_page, name: str, scheme: str, size) -> None:
    page = open_page(name, size=size, scheme=scheme)
    page.evaluate(OPEN_SOME)
    script = axe()
    assert script is not None
    found = violations(page, script)
    print(name, scheme, size["width"], found)
    assert not {impact: said for impact, said in found.items() if impact in GRAVE}


@pytest.mark.parametrize("name", ["clean", "failing"])
def test_a_narrow_page_scrolls_in_one_direction_only(open_page, name: str) -> None:
    page = open_page(name, size=NARROW)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_a_link_to_an_exchange_opens_it(open_page) -> None:
    page = open_page("failing", "#openai-parallel-tools-stream-1")
    found = page.locator("details#openai-parallel-tools-stream-1")
    assert found.evaluate("(node) => node.open")
    page.wait_for_function("document.activeElement.tagName === 'SUMMARY'", timeout=5_000)


def test_the_place_of_an_objection_leads_into_the_evidence(open_page) -> None:
    page = open_page("failing")
    page.locator("#OAI-TOOL-023 .objection a").first.click()
    assert page.locator("details#openai-parallel-tools-stream-1 tr.marked").first.is_visible()


def _shown(page: Any, selector: str) -> list[str]:
    return page.evaluate(
        "(s) => [...document.querySelectorAll(s)].filter((n) => !n.hidden).map((n) => n.id)",
        selector,
    )


def test_filters_hide_the_rest_and_stay_in_the_address(open_page) -> None:
    page = open_page("failing")
    page.select_option("[name=symptom]", "tool-loop")
    assert _shown(page, "article.finding") == ["OAI-TOOL-023"]
    assert _shown(page, "details.exchange") == ["openai-parallel-tools-stream-1"]
    assert page.url.endswith("#?symptom=tool-loop")
    again = open_page("failing", "#?symptom=tool-loop")
    assert _shown(again, "article.finding") == ["OAI-TOOL-023"]


def test_filters_add_up_and_are_cleared_together(open_page) -> None:
    page = open_page("failing", "#?protocol=anthropic&outcome=fail")
    assert "OAI-TOOL-023" not in _shown(page, "article.finding")
    page.fill("[name=text]", "no such words anywhere")
    assert _shown(page, "article.finding") == []
    page.click("button[type=reset]")
    page.wait_for_function("!location.hash")
    assert "OAI-TOOL-023" in _shown(page, "article.finding")


def test_a_link_to_what_is_filtered_away_shows_it(open_page) -> None:
    page = open_page("failing", "#?protocol=anthropic")
    page.evaluate("location.hash = 'OAI-TOOL-023'")
    page.wait_for_selector("#OAI-TOOL-023.looked-at", state="visible")


def test_the_slash_key_leads_to_the_search(open_page) -> None:
    page = open_page("failing")
    page.keyboard.press("/")
    page.keyboard.type("oai-tool-023")
    assert _shown(page, "article.finding") == ["OAI-TOOL-023"]


def test_a_command_is_copied(open_page) -> None:
    page = open_page("failing")
    button = page.locator("#OAI-TOOL-023 button.copy").first
    button.click()
    page.wait_for_function("(b) => b.textContent === 'Copied'", arg=button.element_handle())


def test_paper_shows_the_marked_evidence_and_no_controls(open_page) -> None:
    page = open_page("failing")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.exchange.marked tr.marked").first.is_visible()
    assert not page.locator("#filter").is_visible()
    assert len(page.pdf(format="A4")) > 10_000
