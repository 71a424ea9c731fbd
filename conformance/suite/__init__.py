"""The suite as pytest items: one per requirement, one file per area."""
