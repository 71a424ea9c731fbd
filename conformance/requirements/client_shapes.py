"""GW-CLI-559: the recorded shape of a client that cannot be run here."""

from __future__ import annotations

from conformance.features import refused
from conformance.kinds import Kind
from conformance.model import Findings, Recording, Violation
from conformance.registry import requirement

STREAMS = (Kind.ANTHROPIC_STREAM, Kind.OPENAI_STREAM)


@requirement(
    "GW-CLI-559",
    on=("client-roo-anthropic-shape", "client-roo-openai-shape"),
    symptom="client-breaks",
    needs=("ANT-EP-001", "OAI-HTTP-001"),
)
def the_shape_of_roo_code_is_taken(recording: Recording) -> Findings:
    """Requests in Roo Code's recorded shape are answered with streams.

    That is a shape and no run: Roo Code is on no registry.
    """
    for exchange in recording.final:
        if not 200 <= exchange.status < 300:
            yield refused(exchange, "all that Roo Code sends")
        elif exchange.kind not in STREAMS:
            actual = exchange.answer.media_type
            yield Violation("body", "a stream", actual, exchange=exchange.id)
