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
