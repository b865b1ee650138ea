"""What the report says of weights of sales channels, against rows written by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from habitue import schemas
from habitue.report import sections_scores
from habitue.report.context import Context
from habitue.report.layout import Grid, Prose
from habitue.report.locale import LANGUAGES, Words
from habitue.report.sections_weights import weights

Tables = dict[str, pa.Table]

FITTED = {
    "population": "consumer", "is_kept": True, "reason": "pays", "outcome": "margin", "decided_on": date(2026, 8, 31),
    "from_on": date(2023, 9, 1), "fitted_on": date(2024, 8, 31), "tested_on": date(2025, 8, 31),
    "to_on": date(2026, 8, 31), "tested_customers_count": 9_000, "equal_rank_correlation": 0.512,
    "fitted_rank_correlation": 0.538, "rank_gain_share": 0.0508, "low_rank_gain_share": 0.031,
    "high_rank_gain_share": 0.07, "equal_captured_share": 0.41, "fitted_captured_share": 0.42,
    "captured_gain_share": 0.0244, "low_captured_gain_share": -0.01, "high_captured_gain_share": 0.06,
}  # fmt: skip
ROWS = [
    {
        **FITTED, "dimension": "frequency", "sales_channel": "store", "visits_count": 30_000, "customers_count": 8_000,
        "per_visit_amount": 1_250, "raw_weight": 1.0, "standard_error": 0.0, "fitted_weight": 1.0, "used_weight": 1.0,
    },
    {
        **FITTED, "dimension": "frequency", "sales_channel": "web", "visits_count": 9_000, "customers_count": 3_000,
        "per_visit_amount": 2_500, "raw_weight": 2.0, "standard_error": 0.21, "fitted_weight": 1.96,
        "used_weight": 1.96,
    },
    *(
        {
            "population": "consumer", "dimension": "monetary", "sales_channel": channel, "used_weight": 1.0,
            "reason": "no_margins",
        }
        for channel in ("store", "web")
    ),
]  # fmt: skip


def context(tables: Tables, manifest: dict[str, Any], rows: list[dict[str, Any]], language: str = "en") -> Context:
    schema = schemas.SALES_CHANNEL_WEIGHTS
    whole = [{name: row.get(name) for name in schema.names} for row in rows]
    table = pa.Table.from_pylist(whole, schema=schema.ibis_schema().to_pyarrow())
    return Context(Words(language, strict=True), {**tables, "sales_channel_weights": table}, manifest)


def test_the_gain_over_equal_weights_is_told(full: Tables, manifest: dict[str, Any]) -> None:
    frequency, value, grid = weights(context(full, manifest, ROWS))
    assert isinstance(frequency, Prose)
    assert frequency.text == (
        "Weights of sales channels for frequency, tried on 31 Aug 2025 against later margin: with fitted weights the "
        "rank correlation is 0.538 instead of 0.512 (5.1%, 95% interval 3.1% to 7.0%), and the best tenth brings "
        "42.0% instead of 41.0% (2.4%, 95% interval \u22121.0% to 6.0%). That pays. In use: fitted, as they pay."
    )
    assert isinstance(value, Prose)
    assert value.text == "Weights of sales channels for value: equal, as margins are not known."
    assert isinstance(grid, Grid)
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["frequency", "store", "30,000", "8,000", "€12.50", "–", "1.00", "1.00", "1.00"],
        ["frequency", "web", "9,000", "3,000", "€25.00", "–", "2.00", "1.96", "1.96"],
        ["value", "store", "–", "–", "–", "–", "–", "–", "1.00"],
        ["value", "web", "–", "–", "–", "–", "–", "–", "1.00"],
    ]
    assert grid.rows[1][6].under == "± 0.21"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_stands_with_the_scores_in_every_language(full: Tables, manifest: dict[str, Any], language: str) -> None:
    reasons = (
        "set_by_you switched_off kept_from_before pays does_not_pay no_difference no_margins too_short_history "
        "too_few_customers too_few_visits"
    )
    for reason in reasons.split():
        c = context(full, manifest, [{**row, "reason": reason, "is_kept": reason == "pays"} for row in ROWS], language)
        section = sections_scores.scores(c)
        assert section is not None
        captions = [block.caption for block in section.blocks if isinstance(block, Grid)]
        assert len([caption for caption in captions if c.words.date(date(2024, 8, 31)) in caption]) == 1
        told = [block.text for block in section.blocks if isinstance(block, Prose)]
        assert all(c.words.term("weight_reason", reason) in text for text in told)


def test_one_channel_has_no_block(full: Tables, manifest: dict[str, Any]) -> None:
    assert weights(context(full, manifest, [])) == []


def test_what_the_score_leaves_out_is_not_in_use(full: Tables, manifest: dict[str, Any]) -> None:
    c = context(full, manifest, [{**row, "is_scored": row["dimension"] == "monetary"} for row in ROWS])
    frequency, value, grid = weights(c)
    assert isinstance(frequency, Prose)
    assert isinstance(value, Prose)
    assert isinstance(grid, Grid)
    assert "In use" not in frequency.text
    assert frequency.text.endswith("to which weights do not apply: they weigh the column weighted_frequency only.")
    assert "do not apply" not in value.text
    assert [row[-1].under for row in grid.rows] == ["not in the score", "not in the score", "", ""]


def test_weights_kept_say_why_the_run_before_chose_them(full: Tables, manifest: dict[str, Any]) -> None:
    kept = [{**row, "reason": "kept_from_before", "decided_reason": "does_not_pay"} for row in ROWS]
    told = weights(context(full, manifest, kept))[0]
    assert isinstance(told, Prose)
    assert "kept from the run as of 31 Aug 2026 (equal, as fitted ones do not pay)" in told.text
