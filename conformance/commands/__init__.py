"""The commands of `gateway-conformance`, one file each; `add` declares its arguments.

A command is a function from its parsed arguments to an exit status, left in
`arguments.command`. Only `run` is different: everything behind it is pytest's.
"""

from __future__ import annotations

import argparse

Commands = argparse._SubParsersAction  # argparse has no public name for it
