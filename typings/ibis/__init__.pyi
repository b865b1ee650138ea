# Ibis annotates its expressions wrongly: a cast to "int64", a sum over an integer column and `fill_null(0)` are errors
# by its own annotations. To the type checker all of Ibis is Any; what is ours is checked as usual.
from typing import Any

def __getattr__(name: str) -> Any: ...
