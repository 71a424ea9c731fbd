from pathlib import Path


def write(folder: Path) -> Path:
    (folder / "report.html").write_text("")
    return folder / "report.html"
