"""What the gateway needs of a ledger; every implementation passes one contract test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reference_gateway.chat import Usage
from reference_gateway.errors import PaymentRequired, Refusal, Unauthenticated


@dataclass(frozen=True)
class Account:
    """Who pays; `reserved_nanousd` is part of the balance that running requests may spend.

    What was deposited is always the balance and all charges together.
    """

    id: str
    balance_nanousd: int
    reserved_nanousd: int
    deposited_nanousd: int


@dataclass(frozen=True)
class Key:
    """A key without its secret; a cap of None means that only the balance limits it.

    `last_used_at` is in seconds since 1970; None means never.
    """

    id: str
    account: str
    cap_nanousd: int | None
    spent_nanousd: int
    is_revoked: bool
    last_used_at: int | None = None


@dataclass(frozen=True)
class KeyUse:
    """What was charged to a key so far, in requests and tokens."""

    requests: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Hold:
    """The worst case of one request, set aside before anything is produced."""

    request_id: str
    key: Key
    amount_nanousd: int


@dataclass(frozen=True)
class Charge:
    """What one request really cost."""

    request_id: str
    key: str
    account: str
    model: str
    usage: Usage
    amount_nanousd: int


class RepeatedRequest(Exception):
    """A request id that was reserved or charged before; ids are never used twice."""


def refuse_uncovered(amount_nanousd: int, key: Key, key_held: int, account: Account) -> None:
    """Raise where key or account cannot pay an amount; what is held counts as spent."""
    if key.is_revoked:
        raise Unauthenticated(Refusal.REVOKED)
    cap = key.cap_nanousd
    if cap is not None and key.spent_nanousd + key_held + amount_nanousd > cap:
        raise PaymentRequired("The key's spend cap is used up, or does not cover this request.")
    if account.reserved_nanousd + amount_nanousd > account.balance_nanousd:
        raise PaymentRequired("The account's balance does not cover this request; top up.")


class Ledger(Protocol):
    """Accounts, keys, holds and charges; each method is atomic.

    Unknown ids raise `KeyError`.
    """

    async def open_account(self, balance_nanousd: int) -> Account:
        """A new account."""

    async def account(self, account_id: str) -> Account:
        """The account as it stands."""

    async def accounts(self) -> tuple[Account, ...]:
        """All accounts, oldest first."""

    async def fund(self, account_id: str, amount_nanousd: int) -> Account:
        """Add to a balance."""

    async def add_key(self, secret_hash: str, account: str, cap_nanousd: int | None) -> Key:
        """A new key, known by the hash of its secret only."""

    async def key(self, key_id: str) -> Key:
        """The key as it stands."""

    async def keys(self) -> tuple[Key, ...]:
        """All keys, oldest first, the revoked ones too."""

    async def find_key(self, secret_hash: str) -> Key | None:
        """The key with that secret, revoked or not."""

    async def mark_used(self, key_id: str, used_at: int) -> None:
        """Keep when a key was used; an earlier time than the one known changes nothing."""

    async def key_use(self, key_id: str) -> KeyUse:
        """What was charged to the key, in requests and tokens."""

    async def set_cap(self, key_id: str, cap_nanousd: int | None) -> Key:
        """Raise, lower or remove a cap."""

    async def revoke(self, key_id: str) -> Key:
        """Make a key invalid for good."""

    async def reserve(self, hold: Hold) -> None:
        """Set the worst case aside, so that all that runs can be paid.

        What other running requests hold counts as spent. Raises `PaymentRequired` where
        cap or balance do not cover it, `Unauthenticated` for a key that was revoked since,
        `RepeatedRequest` for an id that is known.
        """

    async def settle(self, charge: Charge) -> None:
        """Replace the hold of the request by its charge; without a hold nothing happens.

        So a second time does nothing, nor does a request that was released. A charge above
        its hold is charged in full: the ledger says what was used, and a worst case that
        was none is its caller's fault.
        """

    async def release(self, request_id: str) -> None:
        """Drop the hold of a request that failed; it costs nothing."""

    async def charge(self, request_id: str) -> Charge:
        """What a request was charged."""

    async def charges(self, key: str | None) -> tuple[Charge, ...]:
        """All charges, oldest first, or those of one key."""

    async def recover(self) -> int:
        """Drop the holds of processes that are gone, never those of a live one; how many."""

    async def close(self) -> None:
        """Give the storage back."""
