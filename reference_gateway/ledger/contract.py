"""What the gateway needs of a ledger; every implementation passes one contract test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reference_gateway.chat import Usage


@dataclass(frozen=True)
class Account:
    """Who pays; `reserved_nanousd` is part of the balance that running requests may spend."""

    id: str
    balance_nanousd: int
    reserved_nanousd: int


@dataclass(frozen=True)
class Key:
    """A key without its secret; a cap of None means that only the balance limits it."""

    id: str
    account: str
    cap_nanousd: int | None
    spent_nanousd: int
    is_revoked: bool


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


class Ledger(Protocol):
    """Accounts, keys, holds and charges; each method is atomic.

    Unknown ids raise `KeyError`.
    """

    async def open_account(self, balance_nanousd: int) -> Account:
        """A new account."""

    async def account(self, account_id: str) -> Account:
        """The account as it stands."""

    async def fund(self, account_id: str, amount_nanousd: int) -> Account:
        """Add to a balance."""

    async def add_key(self, secret_hash: str, account: str, cap_nanousd: int | None) -> Key:
        """A new key, known by the hash of its secret only."""

    async def key(self, key_id: str) -> Key:
        """The key as it stands."""

    async def find_key(self, secret_hash: str) -> Key | None:
        """The key with that secret, revoked or not."""

    async def set_cap(self, key_id: str, cap_nanousd: int | None) -> Key:
        """Raise, lower or remove a cap."""

    async def revoke(self, key_id: str) -> Key:
        """Make a key invalid for good."""

    async def reserve(self, hold: Hold) -> None:
        """Set the worst case aside; raises `PaymentRequired` where cap or balance do not cover it.

        What other running requests hold counts as spent.
        """

    async def settle(self, charge: Charge) -> None:
        """Replace the hold of the request by its charge; a second time does nothing."""

    async def release(self, request_id: str) -> None:
        """Drop the hold of a request that failed; it costs nothing."""

    async def charges(self, key: str | None) -> tuple[Charge, ...]:
        """All charges, oldest first, or those of one key."""

    async def close(self) -> None:
        """Give the storage back."""
