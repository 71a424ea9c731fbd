"""Which header fields go to a provider: what it needs, and what the client meant for it."""

from __future__ import annotations

import re

from reference_gateway.call import Call
from reference_gateway.upstream.providers import Provider

_MEANT = re.compile(r"anthropic-|openai-beta$|x-|user-agent$|idempotency-key$")
# Who the client is, for us: neither its credentials nor its way here are passed on.
_OURS = re.compile(r"x-forwarded|x-real-ip|.*(api-?key|auth|cookie|credential|secret|token$)")


def own(provider: Provider, *, is_stream: bool) -> dict[str, str]:
    """What every request to the provider carries."""
    # What is compressed comes in larger pieces: a stream is asked for as it is.
    codings = "identity" if is_stream else "gzip, deflate"
    accepted = "text/event-stream" if is_stream else "application/json"
    asked = {"content-type": "application/json", "accept": accepted, "accept-encoding": codings}
    return {**asked, **provider.credential}


def passed(call: Call, provider: Provider, *, is_stream: bool) -> dict[str, str]:
    """What a request carries that is passed on to a provider of the same protocol."""
    return {**own(provider, is_stream=is_stream), **_meant(call)}


def _meant(call: Call) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, value in call.headers.items():
        name = field.lower()
        is_secret = bool(call.credential) and call.credential in value
        if _MEANT.match(name) and not _OURS.match(name) and value.isprintable() and not is_secret:
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found
