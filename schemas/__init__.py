"""JSON Schemas by requirement id, and that of a profile (data, no code)."""
