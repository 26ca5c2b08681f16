"""Command: `twin`, thin: parse, call, print."""

from twin.cli.program import main

__all__ = ["main"]
