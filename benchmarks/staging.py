"""What is measured: staging a project's files, beside DuckDB reading the same files and writing them as Parquet."""

from __future__ import annotations

STAGE = """
import json, shutil, sys, time
from pathlib import Path
import ibis, pyarrow
from habitue.workspace import config
from habitue.workspace.address_hashes import AddressHashes
from habitue.workspace.keys import project_key
from habitue.workspace.engine import engine
from habitue.workspace.people import People
from habitue.workspace.staged import Stage
folder = Path(sys.argv[1]); kinds = sys.argv[2].split(",")
settings = config.read(folder)
staged_in = folder / "staged"
shutil.rmtree(staged_in, ignore_errors=True); staged_in.mkdir()
(folder / "people.db").unlink(missing_ok=True)
ibis.duckdb.connect().disconnect()
start = time.perf_counter()
with People.open(folder) as people, engine(settings.engine) as backend:
    hashes = AddressHashes(project_key(folder), None)
    files = Stage(backend, folder, staged_in, settings.staging(), people, hashes=hashes).stage(
        [source for source in settings.sources if source.kind in kinds])
seconds = time.perf_counter() - start
lines = sum(file.facts["rows"] for file in files)
print(json.dumps({"seconds": seconds, "lines": lines}))
"""
"""Stage the sources of some kinds of a project from nothing: files to committed Parquet, customer numbers to ids."""

READ_CSV = """
import json, sys, time
import duckdb
con = duckdb.connect()
con.execute("SET memory_limit = '3GB'")
start = time.perf_counter()
con.execute("CREATE TABLE lines AS SELECT * FROM read_csv(?)", [sys.argv[1]])
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "lines": con.execute("SELECT count(*) FROM lines").fetchone()[0]}))
"""
"""A bare `read_csv` into a table."""

COPY_PARQUET = """
import glob, json, sys, time
import duckdb
con = duckdb.connect()
con.execute("SET memory_limit = '3GB'")
start = time.perf_counter()
lines = 0
for number, path in enumerate(sorted(p for pattern in sys.argv[2:] for p in glob.glob(pattern))):
    lines += con.execute(
        f"COPY (SELECT * FROM read_parquet('{path}')) TO '{sys.argv[1]}/{number}.parquet' (COMPRESSION zstd)"
    ).fetchone()[0]
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "lines": lines}))
"""
"""A bare copy of Parquet files, nothing looked at."""
