"""Money: who may spend how much, and what was spent."""

from reference_gateway.ledger.contract import Account, Charge, Hold, Key, Ledger
from reference_gateway.ledger.sqlite import SqliteLedger

__all__ = ["Account", "Charge", "Hold", "Key", "Ledger", "SqliteLedger"]
