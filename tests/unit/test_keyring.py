"""Keys by role: given, made up, or made by the control adapter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from conformance.keyring import Keyring
from conformance.redaction import Redactor
from conformance.secret import Secret


@dataclass
class Maker:
    """A control adapter that makes keys of one role."""

    role: str = "capped"
    asked: list[str] = field(default_factory=list)

    async def key(self, role: str) -> Secret | None:
        """A new key each time."""
        self.asked.append(role)
        return Secret(f"th-made-{role}-{len(self.asked)}-abcdef") if role == self.role else None


VALID = "th-0123456789abcdef0123456789abcdef"


def keyring(
    redactor: Redactor | None = None, control: Maker | None = None, **given: str
) -> Keyring:
    """A keyring with some given keys."""
    keys = {role: Secret(key) for role, key in given.items()}
    return Keyring(keys, control or Maker(), redactor or Redactor())


def key(ring: Keyring, role: str) -> str:
    """The key of a role, empty where there is none."""
    found = asyncio.run(ring.key(role))
    return found.reveal() if found else ""


@pytest.mark.parametrize(
    ("valid", "prefix"),
    [
        pytest.param(VALID, "th-", id="th-"),
        pytest.param("sk-th_0123456789abcdef0123456789", "sk-th_", id="sk-th_"),
        pytest.param("sk-0123456789abcdef0123456789", "sk-", id="sk-"),
        pytest.param("0123456789abcdef0123456789", "", id="none"),
        pytest.param("sk-ant-api03-0123456789abcdef0123", "sk-ant-api03-", id="sk-ant-api03-"),
        pytest.param("sk-or-v1-0123456789abcdef0123456", "sk-or-v1-", id="sk-or-v1-"),
    ],
)
def test_the_wrong_key_looks_like_the_valid_one(valid: str, prefix: str) -> None:
    wrong = key(keyring(valid=valid), "wrong")

    assert wrong.startswith(prefix) and len(wrong) == len(valid) and wrong != valid


def test_the_wrong_key_shares_no_part_with_the_valid_one() -> None:
    wrong = key(keyring(valid=VALID), "wrong")

    assert not any(VALID[at : at + 9] in wrong for at in range(3, len(VALID) - 8))


def test_there_is_a_wrong_key_without_a_valid_one() -> None:
    assert len(key(keyring(), "wrong")) >= 20


def test_a_short_valid_key_has_a_wrong_one_that_cannot_be_guessed() -> None:
    assert len(key(keyring(valid="th-short"), "wrong")) == 23


def test_the_vendors_key_has_the_vendors_shape() -> None:
    assert key(keyring(valid=VALID), "vendor").startswith("sk-ant-api03-")


@pytest.mark.parametrize("role", ["valid", "wrong", "vendor", "capped"])
def test_a_given_key_is_handed_out_as_it_is(role: str) -> None:
    control = Maker()

    assert key(keyring(control=control, **{role: "gw-given-key"}), role) == "gw-given-key"
    assert control.asked == []


def test_a_key_that_was_not_given_is_made_anew_each_time() -> None:
    ring = keyring()

    assert key(ring, "capped") != key(ring, "capped") != ""


def test_a_role_that_nobody_can_make_has_no_key() -> None:
    assert asyncio.run(keyring().key("broke")) is None


@pytest.mark.parametrize("role", ["valid", "wrong", "vendor", "capped"])
def test_the_redactor_knows_every_key_that_is_handed_out(role: str) -> None:
    redactor = Redactor()

    handed_out = key(keyring(redactor, valid=VALID), role)

    assert redactor.text(f"<{handed_out}>") == f"<[key:{role}:whole]>"


@pytest.mark.parametrize("role", ["valid", "wrong", "vendor"])
def test_the_redactor_knows_them_before_they_are_handed_out(role: str) -> None:
    redactor = Redactor()
    ring = keyring(redactor, valid=VALID)

    assert redactor.text(asyncio.run(ring.key(role)).reveal()) == f"[key:{role}:whole]"  # type: ignore[union-attr]
