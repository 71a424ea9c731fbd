"""A small but real LLM gateway: both protocols, keys, money, and a catalogue of faults."""
