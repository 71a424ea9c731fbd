"""A client that tells all it knows cannot tell the key: it never has it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from process_gateway import started
from process_run import run
from process_secrets import leaks

from conformance.clients import catalogue, installing

TALKER = f"""#!{sys.executable}
import http.client, json, os, shutil, sys
from urllib.parse import urlsplit

job = json.load(open(sys.argv[-1]))
url, key = urlsplit(os.environ["OPENAI_BASE_URL"]), os.environ["OPENAI_API_KEY"]
body = {{"model": job["model"], "stream": True, "stream_options": {{"include_usage": True}},
        "messages": [{{"role": "user", "content": job["prompt"]}}]}}
asking = http.client.HTTPConnection(url.netloc)
headers = {{"authorization": "Bearer " + key, "content-type": "application/json"}}
asking.request("POST", url.path + "/chat/completions", json.dumps(body), headers)
answer = asking.getresponse()
told = f"{{dict(os.environ)}} {{sys.argv}} {{answer.getheaders()}} {{answer.read()!r}}"
home = os.environ["HOME"]
open(os.path.join(home, "told.txt"), "w").write(told)
shutil.copytree(home, HEIRLOOM, dirs_exist_ok=True)
print(told, file=sys.stderr)
print(json.dumps({{"task": job["task"], "text": told, "answers": [], "error": told}}))
"""


def talker(folder: Path) -> dict[str, str]:
    """A cache in which one client is such a talker; it leaves its home in `heirloom`."""
    client, cache = catalogue.named("openai-python"), folder / "cache"
    # Its folder is named by the suite, which has to take it for whole.
    place = installing.place_of(client, cache)
    (place / "bin").mkdir(parents=True)
    program = place / "bin" / "python"
    heirloom = repr(str(folder / "heirloom"))
    program.write_text(TALKER.replace("HEIRLOOM", heirloom))
    program.chmod(0o700)
    stamp = {"name": client.name, "packages": dict(client.packages)}
    (place / installing.STAMP).write_text(json.dumps(stamp))
    return {"GATEWAY_CONFORMANCE_CACHE": str(cache)}


@pytest.mark.parametrize(
    "fault", ["", "gateway-credential-echoed-in-header"], ids=["sound", "echo"]
)
def test_the_key_is_nowhere_though_a_client_tells_all(tmp_path: Path, fault: str) -> None:
    with started(*filter(None, [fault])) as gateway:
        found = run(
            tmp_path,
            *(f"--base-url={gateway.base_url}", "--profile=reference"),
            *("--include=clients", "-k", "GW-CLI-061", "-vv", "--showlocals"),
            env={**gateway.with_key, **talker(tmp_path)},
        )

    assert found.status == 1 and "GW-CLI-061" in found.failing
    assert "th-client-" in (tmp_path / "heirloom" / "told.txt").read_text()
    assert not leaks(gateway.key, tmp_path / "run", found.output)
    if not fault:
        assert not leaks(gateway.key, tmp_path, found.output)
