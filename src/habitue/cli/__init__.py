"""The command line: parse, call, show. Words and numbers in the reader's language."""

from habitue.cli import cycles, identities, results, rights, serving
from habitue.cli.shell import app

__all__ = ["app", "cycles", "identities", "results", "rights", "serving"]
