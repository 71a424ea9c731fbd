"""Faults of what goes to a provider: the texts and the pictures of a conversation."""

from __future__ import annotations

from reference_gateway.call import Call
from reference_gateway.chat import Json
from reference_gateway.faults.lab_bodies import contents
from reference_gateway.faults.places import BOTH, OPENAI
from reference_gateway.faults.registry import fault
from reference_gateway.faults.upstream_places import provider_bodies
from reference_gateway.upstream.providers import Provider

ORIGIN = "gateway contract: GW-UP"
_SCRUBBED = ("continue", "cursor", "gateway", "openai")


@fault("lab-system-texts-lost", provider_bodies(BOTH), kills=("GW-UP-018",), origin=ORIGIN)
def system_texts_lost(call: Call, provider: Provider, body: Json) -> None:
    """Of several texts of the system only the last one goes on."""
    del call
    if provider.protocol == "anthropic":
        if isinstance(body.get("system"), list):
            body["system"] = body["system"][-1:]
        return
    messages = body["messages"]
    system = [message for message in messages if message["role"] in ("system", "developer")]
    body["messages"] = [message for message in messages if message not in system[:-1]]


@fault(
    "lab-words-scrubbed",
    provider_bodies(BOTH),
    kills=("GW-UP-018",),
    origin="https://github.com/askalf/dario/issues/453",
)
def words_scrubbed(call: Call, provider: Provider, body: Json) -> None:
    """Words that could tell of the client are deleted from what the user wrote."""
    del call, provider
    for part in contents(body, "user"):
        if part["type"] == "text":
            for word in _SCRUBBED:
                part["text"] = part["text"].replace(word, "")


@fault(
    "lab-hidden-prompt",
    provider_bodies(BOTH),
    kills=("GW-UP-018",),
    origin="https://github.com/TalEliyahu/Awesome-AI-Security/issues/90",
)
def hidden_prompt(call: Call, provider: Provider, body: Json) -> None:
    """The gateway puts instructions of its own before those of the client."""
    del call
    text = "You are a helpful assistant."
    if provider.protocol == "openai":
        body["messages"].insert(0, {"role": "system", "content": text})
    elif "messages" in body:
        given = body.get("system", [])
        given = [{"type": "text", "text": given}] if isinstance(given, str) else given
        body["system"] = [{"type": "text", "text": text}, *given]


@fault(
    "lab-prefill-dropped",
    provider_bodies(BOTH),
    kills=("GW-UP-018",),
    origin="https://github.com/XiaomiMiMo/MiMo-Code/issues/1703",
)
def prefill_dropped(call: Call, provider: Provider, body: Json) -> None:
    """The beginning of an answer at the end of the conversation is dropped."""
    del call, provider
    if body["messages"][-1]["role"] == "assistant":
        body["messages"].pop()


@fault("lab-indentation-lost", provider_bodies(BOTH), kills=("GW-UP-018",), origin=ORIGIN)
def indentation_lost(call: Call, provider: Provider, body: Json) -> None:
    """White space inside the user's texts is tidied up."""
    del call, provider
    for part in contents(body, "user"):
        if part["type"] == "text":
            part["text"] = "\n".join(line.strip() for line in part["text"].splitlines())


@fault(
    "lab-picture-as-raw-url",
    provider_bodies(BOTH),
    kills=("GW-UP-021",),
    origin="https://github.com/vllm-project/vllm/issues/35557",
)
def picture_as_raw_url(call: Call, provider: Provider, body: Json) -> None:
    """The bytes of a picture stand where its URL is expected, without `data:`."""
    del call, provider
    for part in contents(body, "user"):
        if part["type"] == "image_url":
            part["image_url"]["url"] = part["image_url"]["url"].rpartition(",")[2]


@fault(
    "lab-data-uri-dropped",
    provider_bodies(OPENAI),
    kills=("GW-UP-021",),
    origin="https://github.com/mnfst/llm-gateway/issues/2170",
)
def data_uri_dropped(call: Call, provider: Provider, body: Json) -> None:
    """A picture in a data URI does not go on; one behind a URL does."""
    del call, provider
    for message in body["messages"]:
        if isinstance(message["content"], list):
            message["content"] = [part for part in message["content"] if not _is_inline(part)]


def _is_inline(part: Json) -> bool:
    url: str = part.get("image_url", {}).get("url", "")
    return url.startswith("data:") or bool(part.get("source", {}).get("type") == "base64")


@fault(
    "lab-picture-as-text",
    provider_bodies(BOTH),
    kills=("GW-UP-021",),
    origin="https://github.com/Th0rgal/sandboxed.sh/issues/389",
)
def picture_as_text(call: Call, provider: Provider, body: Json) -> None:
    """A text stands where a picture was."""
    del call, provider
    for part in contents(body, "user"):
        if part["type"] in ("image", "image_url"):
            part.clear()
            part |= {"type": "text", "text": "[image]"}


@fault(
    "lab-picture-url-fetched",
    provider_bodies(BOTH),
    kills=("GW-UP-021",),
    origin="https://github.com/BerriAI/litellm/issues/12899",
)
def picture_url_fetched(call: Call, provider: Provider, body: Json) -> None:
    """A picture behind a URL goes on as bytes."""
    del call, provider
    fetched = "iVBORw0KGgo="
    for part in contents(body, "user"):
        if part["type"] == "image_url" and part["image_url"]["url"].startswith("http"):
            part["image_url"]["url"] = f"data:image/png;base64,{fetched}"
        elif part["type"] == "image" and part["source"]["type"] == "url":
            part["source"] = {"type": "base64", "media_type": "image/png", "data": fetched}
