"""Money: who may spend how much, and what was spent."""

from reference_gateway.ledger.contract import Account, Charge, Hold, Key, KeyUse, Ledger
from reference_gateway.ledger.opening import opened

__all__ = ["Account", "Charge", "Hold", "Key", "KeyUse", "Ledger", "opened"]
