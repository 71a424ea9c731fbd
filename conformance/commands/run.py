"""`run`: judge a gateway with pytest, from an installed wheel as from the checkout."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import pytest


def run(arguments: Sequence[str]) -> int:
    """Call pytest with the packaged suite; root and cache are in the current folder."""
    here = Path.cwd()
    with as_file(files("conformance") / "installed.ini") as ini:
        return int(
            pytest.main(
                [
                    *("-c", str(ini), f"--rootdir={here}", "-o", f"cache_dir={here}/.pytest_cache"),
                    *("-p", "conformance.plugin", "--pyargs", "conformance.suite"),
                    *arguments,
                ]
            )
        )
