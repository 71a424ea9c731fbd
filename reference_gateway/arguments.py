"""Where the values of arguments come from: the user's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
_CITY_LIKE = re.compile(r"city|location|place|town|destination", re.IGNORECASE)
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
        quoted = _QUOTED.search(self.text)
        return next(filter(None, quoted.groups())) if quoted else "example"


def wants_city(schema: Schema) -> bool:
    """True when one of the properties is named like a city."""
    properties = schema.get("properties")
    return isinstance(properties, dict) and any(map(is_city_like, properties))


def is_city_like(name: str) -> bool:
    """True for the name of a property that holds a city."""
    return bool(_CITY_LIKE.search(name))
