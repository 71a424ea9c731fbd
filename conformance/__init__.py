"""The conformance suite that decides whether an LLM gateway is right."""

from importlib.metadata import version

__version__ = version("gateway-conformance")
