"""Helpers of the tests; on the path, so that any test may `from support.components import require`."""
