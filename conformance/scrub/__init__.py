"""Makes a capture safe to send: keys, cookies, account ids, addresses, and the texts.

By shape and name, because nobody knows the keys of somebody else's traffic; the keys of
a run of ours are known, and `conformance.redaction` takes those.
"""

from conformance.scrub.scrubber import MARK, Scrubber

__all__ = ["MARK", "Scrubber"]
