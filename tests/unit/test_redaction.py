"""Credentials leave a recording, the evidence stays."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import archive
from conformance.model import (
    Chunk,
    Ended,
    Exchange,
    Failure,
    FailureKind,
    Recording,
    Request,
    Response,
)
from conformance.redaction import MARK, Redactor, _runs, credentials_in
from conformance.secret import Secret

SECRET = "Zq7Lm2Xw9Rt4Vb8Ny1Kc6Hd3"
KEY = f"th-{SECRET}"
OTHER = "sk-proj-Pf5Gj0Ua4Se7Mo2Wi9Yx"
WHOLE, PART = "[key:valid:whole]", "[key:valid:part]"


def redacted(text: str, **keys: str) -> str:
    """A text with KEY as the valid key and others by role redacted."""
    return Redactor({r: Secret(k) for r, k in ({"valid": KEY} | keys).items()}).text(text)


def encoded(text: str) -> str:
    """Every character as its JSON escape."""
    return "".join(f"\\u{ord(character):04x}" for character in text)


def percent(text: str) -> str:
    """Every character percent-encoded."""
    return "".join(f"%{ord(character):02X}" for character in text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"a {KEY} b", f"a {WHOLE} b", id="whole"),
        pytest.param(f"a {SECRET} b", f"a {WHOLE} b", id="whole without its prefix"),
        pytest.param(f"{KEY}{KEY}", WHOLE * 2, id="twice in a row"),
        pytest.param(f"a {SECRET[3:12]} b", f"a {PART} b", id="nine characters"),
        pytest.param(f"a {SECRET[:9]} b", f"a {PART} b", id="the first nine"),
        pytest.param(f"a {SECRET[-9:]} b", f"a {PART} b", id="the last nine"),
        pytest.param(f"a {SECRET[2:20]} b", f"a {PART} b", id="a longer run"),
        pytest.param(f"a {KEY[:12]}... b", f"a {PART}... b", id="nine behind the prefix"),
        pytest.param(f"a {KEY[:11]}... b", f"a {KEY[:11]}... b", id="eight behind the prefix"),
        pytest.param(f"{SECRET[3:11]} b", f"{SECRET[3:11]} b", id="eight characters"),
        pytest.param("th- is how keys begin", "th- is how keys begin", id="the public prefix"),
        pytest.param(f"{SECRET[:8]}-{SECRET[8:16]}", f"{SECRET[:8]}-{SECRET[8:16]}", id="halved"),
        pytest.param(KEY.lower(), KEY.lower(), id="another case"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_known_credential_becomes_a_mark(text: str, expected: str) -> None:
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "prefix", ["th-", "sk-th_", "sk-ant-api03-", "sk-proj-", "sk-or-v1-", "sk-"]
)
def test_a_public_prefix_is_no_secret(prefix: str) -> None:
    redactor = Redactor({"valid": Secret(prefix + SECRET)})

    assert redactor.text(f"{prefix} {prefix}{SECRET[:8]}") == f"{prefix} {prefix}{SECRET[:8]}"
    assert redactor.text(f"{prefix}{SECRET}") == WHOLE


def test_a_key_without_public_prefix_is_secret_from_its_first_character() -> None:
    assert Redactor({"valid": Secret(SECRET)}).text(SECRET[:9]) == PART


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(percent(KEY), WHOLE, id="percent-encoded, whole"),
        pytest.param(percent(SECRET[4:13]), PART, id="percent-encoded, nine"),
        pytest.param(
            f"x{percent(SECRET[4:12])}x", f"x{percent(SECRET[4:12])}x", id="percent, eight"
        ),
        pytest.param(encoded(KEY), WHOLE, id="JSON codes, whole"),
        pytest.param(encoded(SECRET[4:13]), PART, id="JSON codes, nine"),
        pytest.param(f"x{encoded(SECRET[4:12])}x", f"x{encoded(SECRET[4:12])}x", id="codes, eight"),
        pytest.param(
            encoded(f"!{SECRET[4:12]}!"), encoded(f"!{SECRET[4:12]}!"), id="codes in codes"
        ),
        pytest.param(
            encoded(f"!{SECRET[4:13]}!"), f"{encoded('!')}{PART}{encoded('!')}", id="nine in codes"
        ),
    ],
)
def test_an_encoded_credential_is_found(text: str, expected: str) -> None:
    assert redacted(text) == expected


ODD = 'th-a/b+c"d\\e=f%g&h~i?j#k'


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(ODD, id="plain"),
        pytest.param(json.dumps(ODD)[1:-1], id="JSON"),
        pytest.param(json.dumps(ODD)[1:-1].replace("/", "\\/"), id="JSON with escaped slashes"),
        pytest.param(quote(ODD, safe=""), id="in a URL"),
    ],
)
def test_a_key_of_odd_characters_is_found_as_encoders_spell_it(spelling: str) -> None:
    assert Redactor({"valid": Secret(ODD)}).text(f"<{spelling}>") == f"<{WHOLE}>"


def test_json_stays_json() -> None:
    body = json.dumps({"error": f"é bad key {KEY}", "hint": encoded("é")})

    assert json.loads(redacted(body))["error"] == f"é bad key {WHOLE}"


def test_several_keys_are_told_apart() -> None:
    found = redacted(f"{KEY} {OTHER} {OTHER[8:17]}", capped=OTHER)

    assert found == f"{WHOLE} [key:capped:whole] [key:capped:part]"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(SECRET[:14], SECRET[10:], id="two long ones"),
        pytest.param(SECRET[:5], SECRET[3:], id="a short one before a long one"),
        pytest.param(SECRET[:-3], SECRET[-6:], id="a short one behind a long one"),
    ],
)
def test_keys_that_overlap_in_the_text_are_both_gone(first: str, second: str) -> None:
    found = Redactor({"valid": Secret(first), "capped": Secret(second)}).text(SECRET)

    assert MARK.sub("", found) == ""


def test_a_key_that_is_made_later_is_known_from_then_on() -> None:
    redactor = Redactor()
    before = redactor.text(OTHER)
    redactor.add("revoked", Secret(OTHER))

    assert (before, redactor.text(OTHER)) == (OTHER, "[key:revoked:whole]")


@pytest.mark.parametrize("key", [pytest.param(k, id=repr(k)) for k in ("", "th-", "sk-")])
def test_a_key_without_secret_part_changes_nothing(key: str) -> None:
    assert Redactor({"valid": Secret(key)}).text("th-abc sk-") == "th-abc sk-"


def test_a_short_key_is_found_whole_only() -> None:
    redactor = Redactor({"valid": Secret("th-Zq7Lm2")})

    assert redactor.text("th-Zq7Lm2 Zq7Lm2 Zq7Lm") == f"{WHOLE} {WHOLE} Zq7Lm"


def test_redacting_again_changes_nothing() -> None:
    once = redacted(f"{KEY} {SECRET[2:12]} {encoded(KEY)} {OTHER}", capped=OTHER)

    assert redacted(once, capped=OTHER) == once


def test_the_marks_are_read_back() -> None:
    found = credentials_in([f"a {WHOLE} b", "[key:capped:part]", "[key:X:whole] [key::part]"])

    assert found == [("valid", "whole"), ("capped", "part")]


# ------------------------------------------------------------------------------ recordings


def made(body: bytes, *borders: int, **place: str) -> Recording:
    """A recording whose response body is split at some offsets; `place` holds the key."""
    ends = [0, *borders, len(body)]
    chunks = [body[ends[n] : ends[n + 1]] for n in range(len(ends) - 1)]
    name, value = place.get("header", "a: b").split(": ")
    answer = Response(
        200,
        ((name, value),),
        tuple(Chunk(float(number), data) for number, data in enumerate(chunks)),
        Ended.COMPLETE,
        0.0,
        9.0,
    )
    asked = Request(
        "POST",
        place.get("url", "http://h/"),
        ((name, value),),
        place.get("sent", "").encode(),
    )
    failure = Failure(FailureKind.RESET, place["detail"]) if "detail" in place else None
    exchange = Exchange("made#1", asked, None if failure else answer, failure)
    return Recording("made", (exchange,), {"row": place.get("fact", "")})


@pytest.mark.parametrize(
    "place",
    [
        pytest.param({"header": f"x-echo: {KEY}"}, id="header"),
        pytest.param({"header": f"{SECRET}: x"}, id="name of a header"),
        pytest.param({"url": f"http://h/?key={KEY}"}, id="URL"),
        pytest.param({"sent": f'{{"key": "{KEY}"}}'}, id="request body"),
        pytest.param({"fact": f"key {KEY}"}, id="fact"),
        pytest.param({"detail": f"no route for {KEY}"}, id="failure"),
    ],
)
def test_every_place_of_a_recording_is_redacted(place: dict[str, str]) -> None:
    found = Redactor({"valid": Secret(KEY)}).recording(made(b"", **place))

    assert SECRET not in repr(found) and WHOLE in repr(found)


def test_facts_keep_their_values() -> None:
    facts = {"rows": [1, 2.5, None, True, "é\u2028", {"key": KEY}]}
    found = Redactor({"valid": Secret(KEY)}).recording(Recording("made", facts=facts))

    assert found.facts == {"rows": [1, 2.5, None, True, "é\u2028", {"key": WHOLE}]}


BODY = f"data: {KEY}; {SECRET[1:11]}\n\n".encode()


@pytest.mark.parametrize("at", range(len(BODY) + 1))
def test_a_key_split_over_chunks_is_found_and_the_chunks_stay(at: int) -> None:
    found = Redactor({"valid": Secret(KEY)}).recording(made(BODY, at)).last.answer

    assert found.body == f"data: {WHOLE}; {PART}\n\n".encode()
    assert [chunk.at_s for chunk in found.chunks] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("at", "first"),
    [
        pytest.param(6, b"data: ", id="before the key"),
        pytest.param(7, b"data: [key:valid:whole]", id="inside the prefix"),
        pytest.param(20, b"data: [key:valid:whole]", id="inside the key"),
        pytest.param(6 + len(KEY), b"data: [key:valid:whole]", id="behind the key"),
        pytest.param(7 + len(KEY), b"data: [key:valid:whole];", id="one further"),
        pytest.param(len(BODY) - 1, f"data: {WHOLE}; {PART}\n".encode(), id="near the end"),
    ],
)
def test_a_chunk_border_inside_a_mark_moves_behind_it(at: int, first: bytes) -> None:
    found = Redactor({"valid": Secret(KEY)}).recording(made(BODY, at)).last.answer

    assert found.chunks[0].data == first


def test_a_recording_without_credentials_is_unchanged() -> None:
    given_ = made(b"data: nothing\n\n", 3, 7)

    assert Redactor({"valid": Secret(KEY)}).recording(given_) == given_


LETTERS = 'abcXYZ0189-_/+=.~"%'
KEYS = st.builds(
    "".join,
    st.tuples(st.sampled_from(["", "th-", "sk-"]), st.text(LETTERS, min_size=9, max_size=24)),
)


@st.composite
def leaks(draw: st.DrawFn) -> tuple[dict[str, Secret], str, list[int]]:
    """Some keys, a text that holds pieces of them in any spelling, and chunk borders."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=3))
    spell = st.sampled_from([str, str, encoded, percent, lambda text: json.dumps(text)[1:-1]])
    pieces: list[str] = []
    for _ in range(draw(st.integers(0, 6))):
        key = draw(st.sampled_from(keys))
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(key))] * 2)))
        pieces += [draw(spell)(key[start:end]), draw(st.text(LETTERS + "é🦊 \n", max_size=5))]
    text = "".join(pieces)
    borders = sorted(draw(st.lists(st.integers(0, len(text.encode())), max_size=4)))
    return {f"role_{'abc'[n]}": Secret(key) for n, key in enumerate(keys)}, text, borders


@given(leaks())
def test_the_chunks_joined_are_the_redacted_body(
    leak: tuple[dict[str, Secret], str, list[int]],
) -> None:
    keys, text, borders = leak
    redactor = Redactor(keys)

    found = redactor.recording(made(text.encode(), *borders)).last.answer

    assert (found.body, len(found.chunks)) == (redactor.data(text.encode()), len(borders) + 1)


def runs(key: str) -> set[str]:
    """Every nine characters of the secret part of a key, as they may stand in a file."""
    secret = key.removeprefix("th-").removeprefix("sk-") if key[:3] in ("th-", "sk-") else key
    parts = {secret[at : at + 9] for at in range(len(secret) - 8)}
    return {spell(part) for part in parts for spell in (str, percent, encoded)}


@given(leaks())
def test_no_nine_characters_of_a_secret_reach_the_disk(
    leak: tuple[dict[str, Secret], str, list[int]],
) -> None:
    keys, text, borders = leak
    place = {"url": f"http://h/{quote(text)}", "sent": text, "fact": text}

    found = Redactor(keys).recording(made(text.encode(), *borders, **place))
    with TemporaryDirectory() as folder:
        file = archive.write(found, Path(folder)).read_text(encoding="utf-8")

    bare = MARK.sub("\x00", file)
    assert [run for key in keys.values() for run in runs(key.reveal()) if run in bare] == []


@given(leaks())
def test_redaction_is_idempotent(leak: tuple[dict[str, Secret], str, list[int]]) -> None:
    keys, text, _ = leak
    redactor = Redactor(keys)
    once = redactor.text(text)

    assert redactor.text(once) == once


def found_by_the_plain_search(redactor: Redactor, data: bytes) -> list[tuple[str, int, int]]:
    """Every run of a credential, looked for at each byte."""
    runs = []
    for size, parts in redactor._parts.items():
        position = 0
        while position <= len(data) - size:
            spelling = parts.get(data[position : position + size])
            if spelling is None:
                position += 1
                continue
            end = position + size
            while (
                end + spelling.width <= len(data)
                and data[position : end + spelling.width] in spelling.secret
            ):
                end += spelling.width
            runs.append((spelling.role, position, end))
            position = end
    return runs


PIECES = st.sampled_from(
    [
        KEY,
        SECRET,
        SECRET[:9],
        SECRET[3:20],
        OTHER,
        OTHER[9:],
        encoded(SECRET),
        percent(OTHER),
        "\\u",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=12), st.sampled_from(list(SECRET)))))
def test_the_search_by_stretches_finds_what_the_plain_one_does(parts: list[str]) -> None:
    redactor = Redactor({"valid": Secret(KEY), "vendor": Secret(OTHER)})
    data = "".join(parts).encode("utf-8", "surrogatepass")

    found = [
        (spelling.role, start, end)
        for size, known in redactor._parts.items()
        for spelling, start, end in _runs(size, known, data, redactor._stretches[size])
    ]

    assert found == found_by_the_plain_search(redactor, data)
