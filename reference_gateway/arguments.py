"""Where the values of arguments come from: the user's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
_CITY_LIKE = re.compile(r"city|location|place|town|destination", re.IGNORECASE)
_COMMAND_LIKE = ("cmd", "command", "commands")
_COMMAND = re.compile(r"\b(?:run|execute)(?: the command)? `([^`\n]+)`", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“”]([^\"“”]+)[\"“”]|'([^']+)'(?!\w)")


@dataclass(frozen=True)
class Source:
    """Where values come from: the city that is asked about, and the user's own words."""

    city: str | None
    text: str

    def string(self, name: str) -> str:
        """A value for the string property `name`."""
        if is_city_like(name):
            return self.city or "Paris"
        command = command_in(self.text)
        if command and name in _COMMAND_LIKE:
            return command
        quoted = _QUOTED.search(self.text)
        return next(filter(None, quoted.groups())) if quoted else "example"


def wants_city(schema: Schema) -> bool:
    """True when one of the properties is named like a city."""
    properties = schema.get("properties")
    return isinstance(properties, dict) and any(map(is_city_like, properties))


def is_city_like(name: str) -> bool:
    """True for the name of a property that holds a city."""
    return bool(_CITY_LIKE.search(name))


def wants_command(schema: Schema) -> bool:
    """True when a shell command is required."""
    required = schema.get("required")
    return isinstance(required, list) and any(name in _COMMAND_LIKE for name in required)


def command_in(asked: str) -> str | None:
    """The shell command that is to be run, where one is named."""
    found = _COMMAND.search(asked)
    return found[1] if found else None
