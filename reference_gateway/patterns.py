"""Texts that match a regular expression: the first that comes to mind, always the same."""

from __future__ import annotations

import re

_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "t": "\t", "n": "\n"}
_ANCHORS = ("\\b", "\\B", "\\A", "\\Z", "^", "$")
_COUNT = re.compile(r"\{(\d+)(,?)(\d*)\}")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_ALPHABET = "a0A -_.@/+:#" + "bcdefghijklmnopqrstuvwxyz123456789BCDEFGHIJKLMNOPQRSTUVWXYZ"
_LONGEST = 1_000


class UnsupportedPattern(ValueError):
    """The pattern looks around or back, which a text cannot be made from step by step."""


def example(pattern: str, more: int = 0) -> str:
    """A text that the pattern finds; each repetition is `more` times longer than it must be."""
    reader = _Reader(pattern, more)
    found = reader.alternatives()
    if reader.place < len(pattern):
        raise UnsupportedPattern(f"unbalanced at {reader.place}")
    return found


class _Reader:
    """Reads a pattern once, from left to right, and writes what it asks for."""

    def __init__(self, pattern: str, more: int) -> None:
        self.pattern = pattern
        self.more = more
        self.place = 0

    def alternatives(self) -> str:
        """The first of some alternatives; the others are read over."""
        first = self.sequence()
        while self.takes("|"):
            self.sequence()
        return first

    def sequence(self) -> str:
        """The items up to the end of the group."""
        written = ""
        while self.place < len(self.pattern) and self.pattern[self.place] not in "|)":
            if any(self.takes(anchor) for anchor in _ANCHORS):
                continue
            written += self.repeated(self.item())
            if len(written) > _LONGEST:
                raise UnsupportedPattern("too long")
        return written

    def item(self) -> str:
        """One group, one class or one character."""
        if self.takes("("):
            return self.group()
        if self.takes("["):
            return self.one_of()
        if self.takes("\\"):
            return self.escaped()
        return "a" if self.takes(".") else self.next()

    def group(self) -> str:
        """What stands in a group, named or not."""
        if self.takes("?"):
            named = re.compile(r":|P?<[A-Za-z_]\w*>").match(self.pattern, self.place)
            if not named:
                raise UnsupportedPattern("a look-around or a flag")
            self.place = named.end()
        found = self.alternatives()
        if not self.takes(")"):
            raise UnsupportedPattern("an open group")
        return found

    def escaped(self) -> str:
        """The character behind a backslash, or one of its class."""
        letter = self.next()
        if letter.isdigit() or letter in "pPkux":
            raise UnsupportedPattern(f"\\{letter}")
        return _CLASSES.get(letter, letter)

    def one_of(self) -> str:
        """The first character that a class accepts."""
        found = _CLASS.match(self.pattern, self.place - 1)
        if not found:
            raise UnsupportedPattern("an open class")
        self.place = found.end()
        try:
            accepts = re.compile(found[0])
        except re.error as error:
            raise UnsupportedPattern("a broken class") from error
        letters = (letter for letter in _ALPHABET + found[0] if accepts.match(letter))
        return next(letters, "")

    def repeated(self, found: str) -> str:
        """As often as the quantifier behind it asks for."""
        low, high = self.quantifier()
        self.takes("?")
        return found * min(low + self.more, high)

    def quantifier(self) -> tuple[int, int]:
        """The fewest and the most repetitions."""
        for mark, bounds in (("*", (0, _LONGEST)), ("+", (1, _LONGEST)), ("?", (0, 1))):
            if self.takes(mark):
                return bounds
        counted = _COUNT.match(self.pattern, self.place)
        if not counted:
            return 1, 1
        self.place = counted.end()
        low = min(int(counted[1]), _LONGEST)
        return low, int(counted[3] or _LONGEST) if counted[2] else low

    def takes(self, text: str) -> bool:
        """Whether the pattern goes on with this text, which is then read."""
        found = self.pattern.startswith(text, self.place)
        self.place += len(text) if found else 0
        return found

    def next(self) -> str:
        """The next character; raises `UnsupportedPattern` at the end."""
        if self.place >= len(self.pattern):
            raise UnsupportedPattern("an open end")
        self.place += 1
        return self.pattern[self.place - 1]
