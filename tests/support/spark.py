"""A real Spark in this process: two threads, bound to 127.0.0.1, nothing left behind."""

from __future__ import annotations

import gc
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

MARKS = [
    pytest.mark.xdist_group("spark"),
    # PySpark leaves the sockets to its Java to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
"""Marks of every module with tests on Spark: one worker runs them all, so that one session starts."""

JAVA_VERSIONS = (17, 21)
"""What Spark 4.0 runs on."""

SHORT_RUN = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"
"""Hundreds of small plans, each run once: compiling them well costs more than running them badly."""


def java_home() -> Path | None:
    """A Java that Spark runs on: that of JAVA_HOME, that on PATH, or one installed where Debian installs them."""
    on_path = shutil.which("java")
    places = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    places += [Path(on_path).resolve().parents[1]] if on_path else []
    places += sorted(Path("/usr/lib/jvm").glob("*"))
    return next((place for place in places if _version(place) in JAVA_VERSIONS), None)


def fault() -> str | None:
    """What is missing for Spark; None: nothing."""
    if importlib.util.find_spec("pyspark") is None:
        return "the package pyspark is not installed"
    if java_home() is None:
        return "no Java 17 or 21 in JAVA_HOME, on PATH or in /usr/lib/jvm"
    return None


@contextmanager
def session(folder: Path) -> Iterator[Any]:
    """A Spark session that keeps its files in `folder`; stopped at the end (its Java ends with this process)."""
    from pyspark.sql import SparkSession

    home = java_home()
    if home is None:
        raise RuntimeError(fault())
    surroundings = {"JAVA_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    before = {name: os.environ.get(name) for name in surroundings}
    os.environ.update(surroundings)
    try:
        builder = SparkSession.builder.master("local[2]").appName("habitue-tests")
        for name, value in _settings(folder).items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        try:
            yield spark
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                spark.stop()
                gc.collect()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _settings(folder: Path) -> dict[str, str]:
    return {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} {SHORT_RUN}",
        "spark.local.dir": str(folder),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _version(home: Path) -> int | None:
    java = home / "bin" / "java"
    if not java.is_file():
        return None
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    return int(found[1]) if found else None
