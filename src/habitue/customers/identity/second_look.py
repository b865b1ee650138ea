"""The second look: what exact keys leave, compared by Splink's probabilistic model (extra `identity`, DuckDB).

Splink (Fellegi and Sunter's model, parameters by expectation maximisation) is trained on all numbers of persons
and asked only for pairs that the rules did not join. What it finds meets the same contradictions and thresholds as any
pair.
"""

from __future__ import annotations

import importlib.util
import logging
import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from habitue.customers.identity.numbers import Codes, Numbers
from habitue.customers.identity.resolve import SecondLook
from habitue.customers.identity.settings import IdentitySettings
from habitue.errors import UsageError, message

LEAST_KNOWN = 0.05
"""A field that fewer of the numbers have is not compared."""
PAIRS_FOR_U = 2_000_000
MOST_BY_BIRTH_DATE = 300_000
"""Up to so many numbers, all that share a birth date are looked at, whatever their names (two million pairs)."""
BLOCKS = (
    *(("first_name", other) for other in ("last_name", "born", "area", "town")),
    *(("last_name", other) for other in ("born", "area", "street")),
    *(("born", "area"), ("born", "town"), ("street", "house"), ("email",), ("phone",)),
)
"""Fields two numbers must share to be looked at."""
SURE = (
    *(("first_name", "last_name", other) for other in ("born", "street")),
    *(("last_name", "street", "born"), ("first_name", "area", "born")),
    *(("email", "first_name"), ("email", "last_name"), ("phone", "first_name")),
)
"""Fields that make nearly sure: how many pairs share them says how many pairs there are."""
TRAIN = (("born",), ("first_name", "last_name"), ("email",))
"""Fields whose pairs the parameters of the other fields are learnt from."""


def splink_look(*, seed: int = 1) -> SecondLook:
    """A second look for `resolve_identities`.

    Args:
        seed: of the sample from which chance agreement is estimated.

    Raises:
        UsageError: Splink is not installed.
    """
    if importlib.util.find_spec("splink") is None:
        raise UsageError(message("identity.splink_missing", command="pip install 'habitue[identity]'"))

    def look(numbers: Numbers, labels: Codes, settings: IdentitySettings) -> dict[str, NDArray]:
        found = _predicted(numbers, seed)
        left, right, bits = _to_join(found, numbers, labels, settings)
        return {"left": left, "right": right, "bits": bits}

    return look


def _to_join(
    found: pa.Table, numbers: Numbers, labels: Codes, settings: IdentitySettings
) -> tuple[Codes, Codes, NDArray]:
    """Pairs that are not one person yet; in systems of one number a person, only of numbers without a partner."""
    one, other = (np.asarray(found[name]).astype(np.int64) for name in ("unique_id_l", "unique_id_r"))
    left, right = np.minimum(one, other), np.maximum(one, other)
    single = np.array([name in settings.one_per_person for name in numbers.system_names], bool)[numbers.systems]
    alone = np.bincount(labels, minlength=len(numbers))[labels] == 1
    open_ends = (alone | ~single)[left] & (alone | ~single)[right]
    wanted = (labels[left] != labels[right]) & open_ends
    wanted &= ~((numbers.systems[left] == numbers.systems[right]) & single[left])
    return left[wanted], right[wanted], np.asarray(found["match_weight"])[wanted]


def _predicted(numbers: Numbers, seed: int) -> pa.Table:
    """Splink's pairs: `unique_id_l`, `unique_id_r` (places) and `match_weight` (bits, prior included)."""
    import duckdb
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    table = _table(numbers)
    known = {name: 1 - table[name].null_count / max(len(table), 1) for name in table.column_names}
    kinds: dict[str, Any] = {
        "first_name": cl.NameComparison("first_name"),
        "last_name": cl.NameComparison("last_name"),
        "born": cl.DateOfBirthComparison("born", input_is_string=True),
        "email": cl.EmailComparison("email"),
        "phone": cl.ExactMatch("phone"),
        "house": cl.ExactMatch("house").configure(term_frequency_adjustments=True),
        "street": cl.LevenshteinAtThresholds("street", [2, 4]),
        "area": cl.LevenshteinAtThresholds("area", 2),
        "town": cl.LevenshteinAtThresholds("town", 2),
    }
    compared = {name: kind for name, kind in kinds.items() if known[name] >= LEAST_KNOWN}
    blocks = (("born",), *BLOCKS) if len(table) <= MOST_BY_BIRTH_DATE else BLOCKS
    usable = [block for block in blocks if all(known[name] >= LEAST_KNOWN for name in block)]
    sure = [block for block in SURE if all(known[name] >= LEAST_KNOWN for name in block)]
    train = [block for block in TRAIN if all(known[name] >= LEAST_KNOWN for name in block)]
    connection = duckdb.connect(config={"temp_directory": ""})  # personal data spill into no file
    logging.getLogger("splink").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = DuckDBAPI(connection)
        linker = Linker(
            api.register(table, dataset_display_name="numbers"),
            SettingsCreator(
                link_type="dedupe_only",
                comparisons=list(compared.values()),
                blocking_rules_to_generate_predictions=[block_on(*block) for block in usable],
                retain_intermediate_calculation_columns=False,
            ),
        )
        training = linker.training
        training.estimate_probability_two_random_records_match([block_on(*block) for block in sure], recall=0.8)
        training.estimate_u_using_random_sampling(max_pairs=PAIRS_FOR_U, seed=seed)
        for block in train:
            training.estimate_parameters_using_expectation_maximisation(block_on(*block))
        predicted = linker.inference.predict(threshold_match_weight=0)
        return predicted.as_pyarrow_table().select(["unique_id_l", "unique_id_r", "match_weight"])


def _table(numbers: Numbers) -> pa.Table:
    """Numbers of persons as texts, null where a value is unknown or no evidence."""
    people = [at for at, kind in enumerate(numbers.kinds) if kind in ("person", "none")]

    def texts(codes: Codes, values: tuple[str, ...]) -> pa.Array:
        chosen = codes[people]
        return pa.array(values, pa.string()).take(pa.array(chosen, pa.int64(), mask=chosen < 0))

    streets = texts(numbers.street, numbers.streets)
    return pa.table(
        {
            "unique_id": pa.array(people, pa.int64()),
            "first_name": texts(numbers.first, numbers.names),
            "last_name": texts(numbers.last, numbers.names),
            "email": texts(numbers.email, numbers.emails),
            "phone": texts(numbers.phones[:, 0], numbers.phone_texts),
            "house": pc.list_element(pc.split_pattern(streets, " ", max_splits=1), 0),
            "street": pc.replace_substring_regex(streets, r"^\d\S* ", ""),
            "area": texts(numbers.area, numbers.areas),
            "town": texts(numbers.town, numbers.towns),
            "born": pa.array(numbers.born[people]).cast(pa.string()),
        }
    )
