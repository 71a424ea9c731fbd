"""Words that are put into a conversation and looked for in its answer.

No model says them of itself: where one comes back, what held it has reached the model.
Scenarios send them, requirements look for them.
"""

from __future__ import annotations

LAST_WORD = "ZEBRA17"
NUMBER = "PLUM42"
PARTS = ("FIG77", "OLIVE63")
COLOUR = "red"
JOINED = ("🐻‍❄️", "👩‍👩‍👧‍👦")
"""Pictures of several characters, held together by joiners."""
SEPARATED = ("left", "\u2028", "right")
"""Two words with a line separator between them."""

REFUSAL = "fig-4711 is no picture that this model can look at"
"""What an upstream has against a request; the client has to read it."""

SHOWN_KEY = "sk-operator-fig4712"
"""A piece of a key as vendors name it in a 401; it is the operator's."""

RETRY_AFTER = "7"
LIMITS = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "3",
    "anthropic-ratelimit-requests-reset": "2030-01-01T00:00:00Z",
}
"""What an Anthropic upstream says of its limits, in every answer."""

SECOND = "The heron stands in the second river, 8151 steps away."
"""What the provider says that takes over."""

FIRST = ("Kettles ", "on ", "every ", "first ", "stove ", "began ", "to ", "sing.")
"""What the provider began to say that broke off."""

TRACE = "47114711"
"""What stands in the header fields and in the words of an attempt that failed."""
