"""Plays tasks: a job is read from a file, what the client did is printed as one line.

With `-` in place of the file, jobs are read from standard input, one a line, until it ends;
a first line says when the library is loaded.

The programs beside this one use one client library each and judge nothing. They are data to
the suite, which copies them beside the library and never imports them. Where to send comes
from the environment, as `settings` says for people too.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Job:
    """What is to be done, and what the client said about it so far.

    `env` is set before the task. `most_retries` is None where the library decides how often
    it asks again. Answers are asked for as streams, or else as a whole. `answers` has one
    entry for each answer of the model: why it stopped, its usage.
    """

    protocol: str
    task: str
    model: str
    prompt: str
    budget: int
    tools: list[dict[str, Any]]
    results: dict[str, str]
    env: dict[str, str] = field(default_factory=dict)
    most_retries: int | None = 0
    streamed: bool = True
    runs: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def retries(self, name: str = "max_retries") -> dict[str, Any]:
        """The library's own option for how often it asks again, by the name it has there."""
        return {} if self.most_retries is None else {name: self.most_retries}

    def run(self, name: str, arguments: Any) -> str:
        """Run a tool: its result is the one that belongs to the city asked about."""
        self.runs.append({"name": name, "arguments": arguments})
        city = arguments.get("city") if isinstance(arguments, dict) else None
        return self.results.get(str(city), f"There is no weather for {arguments!r}.")

    def told(self, stop: Any, input_tokens: Any, output_tokens: Any) -> None:
        """Note what the client says of one answer."""
        self.answers.append({"stop": stop, "input": input_tokens, "output": output_tokens})


Task = Callable[[Job], Mapping[str, Any]]


def play(tasks: Mapping[str, Task]) -> None:
    """Play the task of the job; exits with 1 where the client raised. Or play what comes."""
    if sys.argv[1] == "-":
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            _play(tasks, json.loads(line))
    else:
        said = _play(tasks, json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
        sys.exit(not said["ok"])


def _play(tasks: Mapping[str, Task], given: dict[str, Any]) -> dict[str, Any]:
    job = Job(**given)
    os.environ.update(job.env)
    try:
        outcome, error = dict(tasks[job.task](job)), ""
    except Exception as raised:  # The process tells everything that its client raises.
        outcome, error = {}, f"{type(raised).__name__}: {raised} ({_place(raised)})"
    said = {"tool_runs": job.runs, "answers": job.answers, **outcome, "error": error}
    said = {"task": job.task, "ok": not error, **said}
    print(json.dumps(said), flush=True)
    return said


def _place(raised: BaseException) -> str:
    """Where in the client it was raised: some exceptions have no words."""
    last = traceback.extract_tb(raised.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"
