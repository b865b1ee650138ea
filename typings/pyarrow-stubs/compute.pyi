# Its functions are made at import time.
from typing import Any

def __getattr__(name: str) -> Any: ...
