"""The lab: a scripted upstream that a gateway is configured with, and that records what came."""
