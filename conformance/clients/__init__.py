"""Real clients as checks: what they are, how they are installed, pointed at a gateway and run."""
