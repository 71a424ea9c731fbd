"""What the tests know of the client libraries agrees with the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.clients import installing
from conformance.clients.making import InstallError
from tests.clients.facts import Library, libraries
from tests.clients.running import SCRIPTS, play


@pytest.mark.parametrize("library", libraries(), ids=lambda library: library.name)
def test_a_library_has_a_script_and_is_of_the_catalogue(library: Library) -> None:
    assert (SCRIPTS / library.script).is_file() and library.package in library.client.packages
    assert library.client.tier == "A"


def test_a_library_that_cannot_be_had_skips_its_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Mapping[str, Any]:
        raise InstallError("it cannot be had")

    monkeypatch.setattr(installing, "install", refuse)
    with pytest.raises(pytest.skip.Exception, match=r"^it cannot be had$"):
        play(libraries()[0], {})
