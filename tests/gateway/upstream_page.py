"""`docs/translation.md`, from the tables: `python tests/gateway/upstream_page.py` writes it."""

from __future__ import annotations

from pathlib import Path

from reference_gateway.upstream.translation import RULES
from reference_gateway.upstream.untranslatable import Fate, Rule

PAGE = Path(__file__).parents[2] / "docs" / "translation.md"
_CLIENTS = {
    "anthropic": "Messages",
    "openai": "Chat completions",
    "responses": "Responses",
    "completions": "Legacy completions",
}
_UPSTREAMS = {"anthropic": "an Anthropic", "openai": "an OpenAI"}
_HEAD = """# What a request becomes for an upstream of the other protocol

A request for a provider that speaks the client's own protocol is passed on as it came. Any other
is said in the upstream's words, and nothing that changes the answer is lost in silence: each field
is translated, or carried as it is, or left out for the reason given here, or refused with a 400
whose `param` and message name it. Fields that no table names are left out, because clients send
new hints before gateways know them; null asks for nothing.

- Texts, ids of calls and arguments arrive as they were: characters, the order of members, integers
  of any length. Other numbers are doubles, as every JSON reader takes them; what is beyond a double
  is refused.
- System texts stand where they stood before an OpenAI upstream, as `system`, the role that every
  server knows; before an Anthropic upstream they stand in front, in order.
- Results of tools follow their calls at once: one `tool` message each, or all of a turn first in
  one `user` message. That a tool failed is said as `Error: ` before its text. Pictures and files
  that it returned follow in the user's message, behind `Returned by the tool call ID:`. Several
  texts of one result are joined with a line end.
- Pictures and PDFs go as bytes or as the URL they came as; the gateway fetches nothing.
- Thinking that came from an OpenAI upstream was signed by the gateway and goes back as
  `reasoning_content`; redacted thinking has no text and is left out.
- `max_tokens` is always said, and never above the model's `max_output_tokens`: what is not
  bounded cannot be reserved. Usage is always asked for.
- A trailing message of the assistant stays; whether it is continued is the upstream's.
- An OpenAI message has its text before its calls, so text that stood between two calls of one
  answer stands before both.

Written by `python tests/gateway/upstream_page.py` from the tables that the gateway works by.
In a path, `[]` is each element, `[user]` each of that role or type.
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(
        f"\n## {_CLIENTS[wire]} before {_UPSTREAMS[protocol]} upstream\n\n{_table(rules)}"
        for (wire, protocol), rules in RULES.items()
    )


def _table(rules: tuple[Rule, ...]) -> str:
    rows = "".join(f"| `{rule.path}` | {_fate(rule)} | {_why(rule)} |\n" for rule in rules)
    return f"| field | upstream | |\n|---|---|---|\n{rows}"


def _fate(rule: Rule) -> str:
    if not rule.into:
        return rule.fate.value
    names = rule.into.split(", ")
    return ", ".join(_name(name) for name in names)


def _name(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{first} `{last}`".strip()


def _why(rule: Rule) -> str:
    is_partly_refused = rule.can_refuse and rule.fate is not Fate.REFUSED
    return "; ".join(filter(None, [rule.why, "the rest is refused" if is_partly_refused else ""]))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
