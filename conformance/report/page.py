"""Templates into self-contained pages: style and script inside, everything else escaped.

The one place that marks text as safe: our own style and script. A content security
policy in the templates allows no other script, by the hash that `script_hash` gives.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from conformance.catalogue import issue_url
from conformance.model import Outcome
from conformance.report.facets import PROTOCOLS, of_exchange
from conformance.report.findings import symptom_of, title
from conformance.report.impact import quoted
from conformance.report.listing import visible
from conformance.report.summary import area_of


def render(template: str, values: Mapping[str, Any]) -> str:
    """The page that a template of `reports/` makes of these values."""
    page = _environment().get_template(template).render(values)
    # A half surrogate, which JSON allows and UTF-8 does not, would spoil the file.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


@cache
def _environment() -> Environment:
    """Jinja with what every template may use."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_text),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "area_of": area_of,
        "style": _style,
        "script": _script,
        "script_hash": _script_hash,
        "title_of": title,
        "symptom_of": symptom_of,
        "protocols": PROTOCOLS,
        "issue_url": issue_url,
        "quoted": quoted,
        "addresses": _addresses,
        "facets_of": of_exchange,
        "outcomes": tuple(Outcome),
    }
    environment.filters |= {
        "visible": _visible,
        "words": _words,
        "ms": _milliseconds,
        "plain": _plain,
    }
    return environment


def _text(name: str) -> str:
    return (files("conformance.reports") / name).read_text(encoding="utf-8")


def _style(name: str) -> Markup:
    return Markup(_text(f"{name}.css"))


def _script(name: str) -> Markup:
    return Markup(_text(f"{name}.js"))


def _script_hash(name: str) -> str:
    """What the content security policy calls a script that may run."""
    digest = hashlib.sha256(_text(f"{name}.js").encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _visible(value: object) -> str:
    return visible(str(value))


def _words(outcome: str) -> str:
    """An outcome as it is read: `not run`."""
    return str(outcome).replace("_", " ")


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _plain(value: object) -> str:
    """A value of the configuration as it is read: lists with commas, yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_plain(member)}" for name, member in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return visible(str(value))


_ADDRESS = re.compile(r"(https?://[^\s<>\"'),;]+)")


def _addresses(text: str) -> list[str]:
    """The text in pieces; every second one is an address that a link may lead to."""
    return _ADDRESS.split(text)
