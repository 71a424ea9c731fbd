"""Providers that answer in the gateway's place: who they are, how they are asked and read."""
