"""The command line: parse, call, show. Words and numbers in the reader's language."""

from habitue.cli import cycles, results, rights, serving
from habitue.cli.shell import app

__all__ = ["app", "cycles", "results", "rights", "serving"]
