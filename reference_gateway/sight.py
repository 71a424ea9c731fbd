"""What the scripted model makes of pictures and documents in the newest message."""

from __future__ import annotations

from reference_gateway.chat import Citation, Document, Image, Part, Prompt, ToolResult
from reference_gateway.pictures import described

_MAX_QUOTE = 200


def seen(prompt: Prompt) -> str:
    """One sentence about every picture and document; empty where there is none."""
    files = list(_files(prompt))
    return f"I see {'; '.join(map(_described, files))}." if files else ""


def citation(prompt: Prompt) -> Citation | None:
    """The words quoted from the first document that wants to be cited."""
    documents = [file for file in _files(prompt) if isinstance(file, Document)]
    for index, document in enumerate(documents):
        if document.is_citable and document.text:
            return Citation(index, document.about.partition("\n")[0], 0, _quoted(document))
    return None


def _files(prompt: Prompt) -> list[Image | Document]:
    newest = prompt.turns[-1].parts if prompt.turns else ()
    return [file for part in newest for file in _held(part)]


def _held(part: Part) -> tuple[Image | Document, ...]:
    if isinstance(part, Image | Document):
        return (part,)
    return part.attachments if isinstance(part, ToolResult) else ()


def _described(file: Image | Document) -> str:
    if isinstance(file, Image):
        return described(file)
    named = f" called {file.about.partition(chr(10))[0]!r}" if file.about else ""
    said = f" that begins with: {_quoted(file)}" if file.text else f" of {len(file.data)} bytes"
    return f"a document of type {file.media_type}{named}{said}"


def _quoted(document: Document) -> str:
    """Its first sentence."""
    return document.text.partition("\n")[0].partition(". ")[0][:_MAX_QUOTE]
