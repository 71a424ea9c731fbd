"""The embedded reference gateway with the lab behind it: a process of its own, for one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from conformance import child
from conformance.secret import Secret
from conformance.target import EMBEDDED, LabAddress


@dataclass(frozen=True)
class Embedded:
    """Where the embedded gateway and the lab behind it listen, and how to get in."""

    base_url: str
    key: Secret
    control_url: str
    control_token: Secret
    lab: LabAddress


@contextmanager
def started(faults: Sequence[str] = ()) -> Iterator[Embedded]:
    """The reference gateway on free loopback ports; it ends when its stdin closes.

    Raises UsageError where it does not start (an unknown fault, for instance).
    """
    flags = [part for fault in faults for part in ("--fault", fault)]
    with child.started(EMBEDDED, "reference_gateway", "--lab", *flags) as gateway:
        said = gateway.said
        yield Embedded(
            base_url=said["base_url"],
            key=Secret(said["key"]),
            control_url=said["control_url"],
            control_token=Secret(said["control_token"]),
            lab=LabAddress(said["lab_url"], Secret(said["lab_token"])),
        )
