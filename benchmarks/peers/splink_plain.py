"""Splink by itself, set up as its own documentation does: `python -m benchmarks.peers.splink_plain SET RECORDS OUTPUT`.

SET is fake1000 (the tutorial's settings), febrl3, febrl4 (its examples of these names, without the number soc_sec_id,
which no retailer has) or pair (the fields of a card base and web accounts). RECORDS is a Parquet file of texts; OUTPUT
gets the pairs Splink predicts, with `match_probability`, from 0.5 on.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from typing import Any

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

warnings.simplefilter("ignore")
logging.getLogger("splink").setLevel(logging.ERROR)

FAKE: dict[str, Any] = {
    "comparisons": lambda: [
        cl.NameComparison("first_name"),
        cl.NameComparison("last_name"),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.EmailComparison("email"),
    ],
    "blocks": [("first_name", "city"), ("last_name",), ("email",), ("birth_date",)],
    "sure": ["l.first_name = r.first_name and l.birth_date = r.birth_date", "l.email = r.email",
             "l.first_name = r.first_name and levenshtein(l.last_name, r.last_name) <= 2"],
    "recall": 0.7,
    "train": [("first_name", "last_name"), ("birth_date",)],
}  # fmt: skip
FEBRL: dict[str, Any] = {
    "comparisons": lambda: [
        cl.NameComparison("first_name"),
        cl.NameComparison("last_name"),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.LevenshteinAtThresholds("postcode", 2),
        cl.ExactMatch("house_number").configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("street", [2, 4]),
        cl.LevenshteinAtThresholds("city", 2),
    ],
    "blocks": [("first_name", "last_name"), ("first_name", "birth_date"), ("last_name", "birth_date"),
               ("birth_date", "postcode"), ("first_name", "postcode"), ("last_name", "postcode"),
               ("street", "house_number"), ("street", "last_name"), ("city", "birth_date")],
    "sure": ["l.first_name = r.first_name and l.last_name = r.last_name and l.birth_date = r.birth_date",
             "l.last_name = r.last_name and l.street = r.street and l.birth_date = r.birth_date",
             "l.first_name = r.first_name and l.postcode = r.postcode and l.birth_date = r.birth_date"],
    "recall": 0.8,
    "train": [("birth_date",), ("first_name", "last_name")],
}  # fmt: skip
PAIR: dict[str, Any] = {
    "comparisons": lambda: [
        cl.NameComparison("first_name"),
        cl.NameComparison("last_name"),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
        cl.EmailComparison("email"),
        cl.LevenshteinAtThresholds("phone", 2),
        cl.LevenshteinAtThresholds("street", 2),
        cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
    ],
    "blocks": [("email",), ("phone",), ("first_name", "last_name"), ("last_name", "postcode"),
               ("birth_date", "first_name"), ("birth_date", "last_name")],
    "sure": ["l.email = r.email and l.first_name = r.first_name", "l.phone = r.phone and l.first_name = r.first_name",
             "l.first_name = r.first_name and l.last_name = r.last_name and l.postcode = r.postcode"],
    "recall": 0.8,
    "train": [("first_name", "last_name"), ("last_name", "postcode")],
}  # fmt: skip
SETS = {"fake1000": FAKE, "febrl3": FEBRL, "febrl4": FEBRL, "pair": PAIR}


def main(name: str, records: str, output: str) -> float:
    """Train, predict and write; seconds."""
    chosen = SETS[name]
    connection = duckdb.connect()
    begun = time.perf_counter()
    table = pq.read_table(records)
    systems = sorted(set(table["source"].to_pylist()))
    api = DuckDBAPI(connection)
    inputs = [
        api.register(table.filter(pc.equal(table["source"], one)), dataset_display_name=f"system_{one}")
        for one in systems
    ]
    linker = Linker(
        inputs if len(inputs) > 1 else inputs[0],
        SettingsCreator(
            link_type="link_only" if len(inputs) > 1 else "dedupe_only",
            comparisons=chosen["comparisons"](),
            blocking_rules_to_generate_predictions=[block_on(*block) for block in chosen["blocks"]],
            unique_id_column_name="id",
        ),
    )
    linker.training.estimate_probability_two_random_records_match(chosen["sure"], recall=chosen["recall"])
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for block in chosen["train"]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
    predicted = linker.inference.predict(threshold_match_probability=0.5).as_duckdbpyrelation()
    predicted.select("id_l, id_r, match_probability").write_parquet(output)
    return time.perf_counter() - begun


if __name__ == "__main__":
    print(json.dumps({"seconds": main(*sys.argv[1:4])}))
