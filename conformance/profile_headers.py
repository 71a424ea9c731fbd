"""The headers of a profile with what the environment fills in, and which of it is secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from conformance.errors import UsageError
from conformance.profile import Profile
from conformance.secret import Secret

_WHOLE = "env:"
_INSERTED = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


@dataclass(frozen=True)
class ProfileHeaders:
    """What goes with every request.

    `hidden` names the headers that are secret as a whole, `inserted` are the secrets
    inside the others: what stands around these is no secret.
    """

    values: Mapping[str, Secret]
    hidden: tuple[str, ...]
    inserted: tuple[Secret, ...]


def filled(
    profile: Profile, may_send: Callable[[str], bool], environ: Mapping[str, str]
) -> ProfileHeaders:
    """The headers with the variables that they name; raises UsageError where one is not set.

    `env:NAME` is the value of a variable, `${NAME}` stands for it inside a longer one. A
    header with a variable that may not be sent is left out.
    """
    sent = dict(_sent(profile, may_send))
    values = {name: Secret(_value(profile, name, environ)) for name in sent}
    partly = [value for value in sent.values() if not value.startswith(_WHOLE)]
    inside = dict.fromkeys(name for value in partly for name in _variables(value))
    return ProfileHeaders(
        values=values,
        hidden=tuple(name for name, value in sent.items() if value.startswith(_WHOLE)),
        inserted=tuple(Secret(environ[name]) for name in inside),
    )


def _sent(profile: Profile, may_send: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    for name, value in profile.headers.items():
        if all(map(may_send, _variables(value))):
            yield name, value


def _value(profile: Profile, name: str, environ: Mapping[str, str]) -> str:
    value = profile.headers[name]
    for variable in _variables(value):
        if variable not in environ:
            found = f"the variable {variable} is not set"
            raise UsageError(f"profile {profile.name}: headers.{name}: {found}")
    if value.startswith(_WHOLE):
        return environ[value.removeprefix(_WHOLE)]
    return _INSERTED.sub(lambda found: environ[found[1]], value)


def _variables(value: str) -> list[str]:
    """The variables that a header of a profile names."""
    return [value.removeprefix(_WHOLE)] if value.startswith(_WHOLE) else _INSERTED.findall(value)
