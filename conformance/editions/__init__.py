"""Editions: the sets of requirements that were frozen, one TOML file each.

A gateway that is gated on an edition does not turn red because the suite learnt a new
check: what is newer is judged and shown, and does not decide.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files

from conformance.errors import UsageError
from conformance.flags import Flag
from conformance.model import Verdict


@dataclass(frozen=True)
class Edition:
    """The requirements that had a check when the edition was frozen."""

    name: str
    requirements: frozenset[str]

    def scored(self, verdict: Verdict) -> Verdict:
        """The verdict, flagged as unscored where the edition does not have it."""
        if verdict.requirement in self.requirements:
            return verdict
        return replace(verdict, flags=(*verdict.flags, str(Flag.UNSCORED)))


def load(name: str) -> Edition:
    """The edition of this name; raises UsageError."""
    if name not in names():
        known = ", ".join(names())
        raise UsageError(f"--edition: found {name!r}, expected one of {known}")
    text = (files("conformance.editions") / f"{name}.toml").read_text(encoding="utf-8")
    return Edition(name, frozenset(tomllib.loads(text)["requirements"]))


def names() -> tuple[str, ...]:
    """The editions, oldest first."""
    found = [file.name for file in files("conformance.editions").iterdir()]
    named = (name.removesuffix(".toml") for name in found if name.endswith(".toml"))
    return tuple(sorted(named, key=lambda name: [int(part) for part in name.split(".")]))


def frozen(name: str, ids: Iterable[str], today: date) -> str:
    """The file of an edition, as `list --edition-toml` prints it."""
    listed = "".join(f'    "{id}",\n' for id in sorted(ids))
    head = (
        f"# Never changed after release: a new check belongs to the next edition.\nfrozen = {today}"
    )
    return f'edition = "{name}"\n{head}\nrequirements = [\n{listed}]\n'
