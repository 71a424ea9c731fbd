"""Pages that a command writes where the user wants them."""

from __future__ import annotations

from pathlib import Path

from conformance import archive
from conformance.errors import UsageError


def write_page(path: Path, page: str) -> None:
    """Write a page whole; raises UsageError where it cannot be written."""
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        archive.write_whole(path, page)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); name a file") from None
