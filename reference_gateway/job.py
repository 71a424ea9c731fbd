"""A request that was admitted, and what it costs."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from reference_gateway.call import Call
from reference_gateway.catalogue import Model
from reference_gateway.chat import Prompt, Usage
from reference_gateway.ledger import Charge, Key
from reference_gateway.wire import Heading


@dataclass(frozen=True)
class Job:
    """An admitted request: who asked, what, of which model.

    `input_tokens` is our own count. `is_outline` says that the prompt holds only what the
    gateway itself has to know of a request that is passed on as it came.
    """

    call: Call
    key: Key
    prompt: Prompt
    model: Model
    input_tokens: int
    is_outline: bool = False

    @property
    def heading(self) -> Heading:
        """A new heading for the answer."""
        return Heading(
            secrets.token_hex(12),
            self.model.name,
            int(time.time()),
            self.prompt.include_usage,
            self.call.asked,
        )

    def charge(self, usage: Usage) -> Charge:
        """What the request costs when it used that much."""
        return Charge(
            self.call.request_id,
            self.key.id,
            self.key.account,
            self.model.name,
            Usage(usage.input_tokens, usage.output_tokens, usage.cache),
            self.model.price_nanousd(usage),
        )
