"""Named defects, proof that the conformance suite notices when a gateway is wrong.

Each module holds the faults of one area; importing it registers them.
"""

from collections.abc import Mapping

from reference_gateway.faults import (
    access,
    anthropic_answers,
    anthropic_blocks,
    anthropic_stops,
    anthropic_streams,
    anthropic_tools,
    errors,
    gateway,
    models,
    money,
    openai_answers,
    openai_chunks,
    openai_fragments,
    openai_streams,
    openai_tools,
    registry,
    stream_contents,
    unauthorized,
)
from reference_gateway.faults.registry import Fault, install

AREAS = (
    access,
    unauthorized,
    money,
    models,
    errors,
    anthropic_answers,
    anthropic_stops,
    anthropic_tools,
    anthropic_streams,
    anthropic_blocks,
    openai_answers,
    openai_tools,
    openai_streams,
    openai_chunks,
    openai_fragments,
    stream_contents,
    gateway,
)
FAULTS: Mapping[str, Fault] = registry.FAULTS

__all__ = ["AREAS", "FAULTS", "Fault", "install"]
