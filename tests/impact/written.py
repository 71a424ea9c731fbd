"""`impact.toml` as a text: a line for each thing that was seen, the clients that share it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from conformance.impact import ALL, Impact, Impacts, Sighting

HEAD = """\
# What real clients did under each fault of the reference gateway: `tox run -e impact`.
#
#   versions   the clients that were measured, each with its version.
#   sound      the errors that they show at a sound gateway, where an error is due.
#   unchanged  clients that were not run: everything that they are sent in their tasks is the
#              same with the fault, which was found out by sending their own requests (but of
#              a fault that is of one protocol alone, not those of the other).
#   seen       what the others did: `on` the protocol and the tasks;
#              none      the right result
#              repeated  the right result, after more `requests` than without the fault
#              error     an error, in the client's own `words`
#              hang      no end within 15 seconds, after so many `requests`; or it `ends late`,
#                        with the right result 5 seconds later than without the fault
#              loop      more than 20 requests
#              silent    no error, and a result of which `words` say what is wrong
#
# Answers are streamed but in the tasks `whole_...`. Three tasks end with an error on a sound
# gateway too, which is then the right result: `broken` (the provider breaks the stream off),
# `wrong_key` and `unknown_model`; there `error` is one in other words.
# Libraries ask again as they do by default, Claude Code with its retries switched off: by
# default it takes minutes over an error. After a hang a client is given no further task,
# parallel tools only where one tool shows no difference, thinking and the broken stream only
# where text does not.
# Left out are faults that only the lab brings to light. What is not here was not measured.

"""


def text(impacts: Impacts) -> str:
    """The file."""
    versions = "".join(f"{name} = {_quoted(impacts.versions[name])}\n" for name in impacts.versions)
    named = {"sound": impacts.sound}
    named |= {f"faults.{slug}": impact for slug, impact in impacts.faults.items()}
    tables = (_table(name, impact, impacts.versions) for name, impact in named.items())
    return f"{HEAD}[versions]\n{versions}" + "".join(tables)


def _table(name: str, impact: Impact, versions: Mapping[str, str]) -> str:
    lines = [f"\n[{name}]\n"]
    if impact.unchanged:
        is_all = impact.unchanged == set(versions)
        named = [name for name in versions if name in impact.unchanged]
        lines.append(f"unchanged = {_quoted(ALL) if is_all else _quoted(named)}\n")
    if impact.seen:
        lines += ["seen = [\n", *(f"  {row},\n" for row in _rows(impact.seen, versions)), "]\n"]
    return "".join(lines)


def _rows(seen: Iterable[Sighting], versions: Mapping[str, str]) -> Iterator[str]:
    """The same tasks of a client together, then the clients to which all of it happened."""
    tasks: dict[Sighting, list[str]] = defaultdict(list)
    for one in seen:
        tasks[replace(one, task="")].append(one.task)
    rows: dict[Sighting, list[str]] = defaultdict(list)
    for one, names in tasks.items():
        rows[replace(one, client="", task=" ".join(dict.fromkeys(names)))].append(one.client)
    order = list(versions)
    for row, clients in sorted(rows.items(), key=lambda found: _place(found[0])):
        on = f"{row.protocol} {row.task}"
        members = {"effect": row.effect, "on": on, "words": row.words}
        pairs = [f"{name} = {_quoted(value)}" for name, value in members.items() if value]
        if row.requests:
            pairs.append(f"requests = {row.requests}")
        pairs.append(f"clients = {_quoted(sorted(set(clients), key=order.index))}")
        yield f"{{ {', '.join(pairs)} }}"


def _place(row: Sighting) -> tuple[str, int, str, str, int]:
    return row.protocol, row.effect.rank, row.task, row.words, row.requests


def _quoted(value: object) -> str:
    """JSON, whose texts and lists of texts are TOML too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
