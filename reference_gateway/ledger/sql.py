"""The ledger on a database with transactions: every rule about money, once for all of them.

Whoever changes what an account holds locks the account's row first, so reservations of
one account come one after the other and each sees what the others hold.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from reference_gateway.errors import PaymentRequired
from reference_gateway.ledger import charges as charge_rows
from reference_gateway.ledger.contract import (
    Account,
    Charge,
    Hold,
    Key,
    KeyUse,
    RepeatedRequest,
    refuse_uncovered,
)
from reference_gateway.ledger.database import Database, Session

# A key is found by the first digits of its hash; the whole is compared in constant time.
_FINGERPRINT_DIGITS = 16
_ACCOUNT = (
    "SELECT id, balance, deposited, CAST((SELECT COALESCE(SUM(amount), 0) FROM holds"
    " WHERE holds.account = accounts.id) AS BIGINT) AS reserved FROM accounts"
)
_LOCKED = "SELECT id FROM accounts WHERE id = ?"
_KEY = (
    "SELECT id, secret_hash, account, cap, spent, revoked, last_used_at,"
    " CAST((SELECT COALESCE(SUM(amount), 0) FROM holds WHERE holds.key = keys.id) AS BIGINT)"
    " AS held FROM keys"
)
_KEY_USE = (
    "SELECT COUNT(*) AS requests, CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT) AS input_tokens,"
    " CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) AS output_tokens FROM charges WHERE key = ?"
)


class SqlLedger:
    """Keeps the contract of `Ledger` in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_account(self, balance_nanousd: int) -> Account:
        """A new account."""
        account_id = f"acct_{secrets.token_hex(6)}"
        async with self._database.writing() as session:
            await session.run(
                "INSERT INTO accounts (id, balance, deposited) VALUES (?, ?, ?)",
                *(account_id, balance_nanousd, balance_nanousd),
            )
        return Account(account_id, balance_nanousd, 0, balance_nanousd)

    async def account(self, account_id: str) -> Account:
        """The account as it stands."""
        async with self._database.reading() as session:
            return await _account(session, account_id)

    async def accounts(self) -> tuple[Account, ...]:
        """All accounts, oldest first."""
        async with self._database.reading() as session:
            rows = await session.rows(f"{_ACCOUNT} ORDER BY number")
        return tuple(_read_account(row) for row in rows)

    async def fund(self, account_id: str, amount_nanousd: int) -> Account:
        """Add to a balance."""
        async with self._database.writing() as session:
            await session.run(
                "UPDATE accounts SET balance = balance + ?, deposited = deposited + ? WHERE id = ?",
                *(amount_nanousd, amount_nanousd, account_id),
            )
            return await _account(session, account_id)

    async def add_key(self, secret_hash: str, account: str, cap_nanousd: int | None) -> Key:
        """A new key, known by the hash of its secret only."""
        key_id = f"key_{secrets.token_hex(6)}"
        async with self._database.writing() as session:
            await _account(session, account)
            await session.run(
                "INSERT INTO keys (id, fingerprint, secret_hash, account, cap)"
                " VALUES (?, ?, ?, ?, ?)",
                *(key_id, secret_hash[:_FINGERPRINT_DIGITS], secret_hash, account, cap_nanousd),
            )
        return Key(key_id, account, cap_nanousd, 0, False)

    async def key(self, key_id: str) -> Key:
        """The key as it stands."""
        async with self._database.reading() as session:
            return _read_key(await _key_row(session, key_id))

    async def keys(self) -> tuple[Key, ...]:
        """All keys, oldest first, the revoked ones too."""
        async with self._database.reading() as session:
            rows = await session.rows(f"{_KEY} ORDER BY number")
        return tuple(_read_key(row) for row in rows)

    async def find_key(self, secret_hash: str) -> Key | None:
        """The key with that secret, revoked or not."""
        fingerprint = secret_hash[:_FINGERPRINT_DIGITS]
        async with self._database.reading() as session:
            rows = await session.rows(f"{_KEY} WHERE fingerprint = ?", fingerprint)
        found = [row for row in rows if hmac.compare_digest(row["secret_hash"], secret_hash)]
        return _read_key(found[0]) if found else None

    async def mark_used(self, key_id: str, used_at: int) -> None:
        """Keep when a key was used; an earlier time than the one known changes nothing."""
        async with self._database.writing() as session:
            await session.run(
                "UPDATE keys SET last_used_at = ?"
                " WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
                *(used_at, key_id, used_at),
            )

    async def key_use(self, key_id: str) -> KeyUse:
        """What was charged to the key, in requests and tokens."""
        async with self._database.reading() as session:
            await _key_row(session, key_id)
            row = (await session.rows(_KEY_USE, key_id))[0]
        return KeyUse(row["requests"], row["input_tokens"], row["output_tokens"])

    async def set_cap(self, key_id: str, cap_nanousd: int | None) -> Key:
        """Raise, lower or remove a cap."""
        async with self._database.writing() as session:
            await session.run("UPDATE keys SET cap = ? WHERE id = ?", cap_nanousd, key_id)
            return _read_key(await _key_row(session, key_id))

    async def revoke(self, key_id: str) -> Key:
        """Make a key invalid for good."""
        async with self._database.writing() as session:
            await session.run("UPDATE keys SET revoked = TRUE WHERE id = ?", key_id)
            return _read_key(await _key_row(session, key_id))

    async def reserve(self, hold: Hold) -> None:
        """Set the worst case aside; before it refuses, it drops what dead processes hold."""
        try:
            await self._reserve(hold)
        except PaymentRequired:
            if not await self.recover():
                raise
            await self._reserve(hold)

    async def _reserve(self, hold: Hold) -> None:
        async with self._database.writing() as session:
            row = await _key_row(session, hold.key.id)
            await session.rows(_LOCKED + self._database.row_lock, row["account"])
            # Read again: it may have changed before the lock was ours.
            row = await _key_row(session, hold.key.id)
            account = await _account(session, row["account"])
            refuse_uncovered(hold.amount_nanousd, _read_key(row), row["held"], account)
            await _refuse_repeated(session, hold.request_id)
            await session.run(
                "INSERT INTO holds (request_id, key, account, amount, owner)"
                " VALUES (?, ?, ?, ?, ?)",
                *(hold.request_id, hold.key.id, account.id, hold.amount_nanousd),
                await self._database.owner(session),
            )

    async def settle(self, charge: Charge) -> None:
        """Replace the hold of the request by its charge; without a hold nothing happens."""
        amount = charge.amount_nanousd
        async with self._database.writing() as session:
            if not await _drop_hold(session, charge.request_id):
                return
            await session.run("UPDATE keys SET spent = spent + ? WHERE id = ?", amount, charge.key)
            await session.run(
                "UPDATE accounts SET balance = balance - ? WHERE id = ?", amount, charge.account
            )
            await charge_rows.insert(session, charge)

    async def release(self, request_id: str) -> None:
        """Drop the hold of a request that failed; it costs nothing."""
        async with self._database.writing() as session:
            await _drop_hold(session, request_id)

    async def charge(self, request_id: str) -> Charge:
        """What a request was charged."""
        async with self._database.reading() as session:
            found = await charge_rows.select(session, "request_id = ?", request_id)
        if not found:
            raise KeyError(request_id)
        return found[0]

    async def charges(self, key: str | None) -> tuple[Charge, ...]:
        """All charges, oldest first, or those of one key."""
        async with self._database.reading() as session:
            if key is None:
                return await charge_rows.select(session, "TRUE")
            return await charge_rows.select(session, "key = ?", key)

    async def recover(self) -> int:
        """Drop the holds of processes that are gone, never those of a live one; how many."""
        async with self._database.writing() as session:
            owners = await session.rows("SELECT DISTINCT owner FROM holds")
            gone = [
                row["owner"]
                for row in owners
                if await self._database.is_gone(session, row["owner"])
            ]
            return sum(
                [await session.run("DELETE FROM holds WHERE owner = ?", owner) for owner in gone]
            )

    async def close(self) -> None:
        """Give the storage back."""
        await self._database.close()


async def _account(session: Session, account_id: str) -> Account:
    rows = await session.rows(f"{_ACCOUNT} WHERE id = ?", account_id)
    if not rows:
        raise KeyError(account_id)
    return _read_account(rows[0])


async def _key_row(session: Session, key_id: str) -> Any:
    rows = await session.rows(f"{_KEY} WHERE id = ?", key_id)
    if not rows:
        raise KeyError(key_id)
    return rows[0]


async def _refuse_repeated(session: Session, request_id: str) -> None:
    known = (
        "SELECT 1 AS found FROM holds WHERE request_id = ?"
        " UNION ALL SELECT 1 FROM charges WHERE request_id = ?"
    )
    if await session.rows(known, request_id, request_id):
        raise RepeatedRequest(request_id)


async def _drop_hold(session: Session, request_id: str) -> bool:
    return await session.run("DELETE FROM holds WHERE request_id = ?", request_id) > 0


def _read_account(row: Any) -> Account:
    return Account(row["id"], row["balance"], row["reserved"], row["deposited"])


def _read_key(row: Any) -> Key:
    return Key(
        row["id"],
        row["account"],
        row["cap"],
        row["spent"],
        bool(row["revoked"]),
        row["last_used_at"],
    )
