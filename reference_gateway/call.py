"""One request on its way through the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from reference_gateway.chat import Json
from reference_gateway.errors import InvalidRequest
from reference_gateway.fields import read_document
from reference_gateway.wire import WireFormat


@dataclass(frozen=True)
class Call:
    """A request as it came; header names are matched without regard to case."""

    wire: WireFormat
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    query: Mapping[str, str]

    @cached_property
    def document(self) -> object:
        """The JSON of the body; raises `InvalidRequest` when it is none."""
        return read_document(self.body)

    @property
    def asked(self) -> Json:
        """The JSON of a body that is an object; empty for any other."""
        return self.document if isinstance(self.document, dict) else {}

    @property
    def wants_stream(self) -> bool:
        """True when the body asks for a stream, whether or not the rest of it is valid."""
        try:
            document = self.document
        except InvalidRequest:
            return False
        return isinstance(document, dict) and document.get("stream") is True

    @property
    def credential(self) -> str:
        """The key that came with the request; empty when there was none.

        An empty `x-api-key` counts as absent: clients are told to set it so
        when they send a bearer credential instead.
        """
        return self.headers.get("x-api-key", "").strip() or self._bearer()

    def _bearer(self) -> str:
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""
