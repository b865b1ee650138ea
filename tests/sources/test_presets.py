"""Known exports: each file is complete and valid, documented, and tells its own headers from those of others."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from habitue.errors import DataError
from habitue.report.locale import LANGUAGES, Words
from habitue.sources.declared import Source
from habitue.sources.headers import refuse_missing
from habitue.sources.presets import Preset, presets, recognised, tools
from habitue.workspace import config

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "habitue" / "sources" / "presets"
PAGE = (ROOT / "docs" / "presets.md").read_text("utf-8")


def declared(preset: Preset) -> Source:
    """The source of a project that names only the preset and a file."""
    section = {"preset": preset.name, "files": "export.csv"}
    (found,) = config.validate({"sources": {"export": section}}).sources
    return found


def test_every_file_of_the_folder_is_a_tool() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == {*tools()}


def test_the_tools_that_are_promised_are_there() -> None:
    wanted = {"shopify", "woocommerce", "magento", "prestashop", "bitrix", "square", "stripe", "till", "cards"}
    wanted |= {"mailchimp", "brevo", "klaviyo", "splio", "returned-mail", "stop-list"}
    assert wanted <= {*tools()}


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_a_preset_is_valid_as_it_is(preset: Preset) -> None:
    source = declared(preset)
    assert preset.grade in ("seen", "published")
    assert preset.based_on
    assert preset.traps
    assert {*source.optional} <= {*source.wanted}
    assert {*source.other_names} <= {*source.wanted, *preset.recognised_by}
    assert (source.kind, source.preset) == (preset.kind, preset.name)


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_a_preset_recognises_its_own_headers(preset: Preset) -> None:
    source = declared(preset)
    assert {*preset.recognised_by}
    assert preset.name in recognised([*source.wanted, *preset.recognised_by])


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.name)
def test_a_preset_stands_on_the_page_with_its_grade_and_traps(preset: Preset) -> None:
    assert f"### `{preset.name}`" in PAGE
    part = PAGE.split(f"### `{preset.name}`")[1].split("\n### ")[0].split("\n## ")[0]
    words = {"seen": "*Seen on a real export*", "published": "*From a published layout, unverified*"}
    assert words[preset.grade] in part
    assert preset.based_on in part
    assert [trap for trap in preset.traps if trap not in part] == []


def test_no_preset_stands_on_the_page_that_is_not_there() -> None:
    headings = [line[5:-1] for line in PAGE.splitlines() if line.startswith("### `")]
    assert headings == [*presets()]


def test_headers_that_a_file_does_not_have_are_left_out() -> None:
    columns = {"sold_at": ("Date", "Time"), "net_amount": "Amount", "sku": "Article"}
    source = Source(name="s", kind="transactions", columns=columns, optional=("Time", "Article"))
    assert source.having(["Date", "Amount"]).columns == {"sold_at": ("Date",), "net_amount": ("Amount",)}
    assert source.having(["Date", "Time", "Amount", "Article"]) is source


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_column_names_preset_file_headers_and_what_it_looks_like(language: str) -> None:
    orders = declared(presets()["shopify.orders"])
    headers = ["First Name", "Last Name", "Email", "Total Spent", "Total Orders"]
    with pytest.raises(DataError) as raised:
        refuse_missing(orders, "customers.csv", headers)
    (told,) = raised.value.messages
    assert told.params["fitting"].split(", ")[0] == "shopify.customers"
    said = Words(language, strict=True).say(told)
    for part in ("shopify.orders", "customers.csv", "Lineitem price", "Total Spent", "shopify.customers"):
        assert part in said
    assert "Cancelled at" not in said  # optional


def test_a_missing_column_of_a_file_that_looks_like_nothing_known() -> None:
    with pytest.raises(DataError) as raised:
        refuse_missing(declared(presets()["cards.customers"]), "x.csv", ["a", "b"])
    (told,) = raised.value.messages
    assert told.code == "preset.columns_missing"
    assert told.params["columns"] == "Card"


def test_the_real_headers_are_recognised(shared_data: Path) -> None:
    first = {}
    for path in sorted((shared_data / "export-samples").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = recognised(next(csv.reader(file)))
        first[path.stem] = {name for name in found if name.partition(".")[0] in path.stem}
        assert {*found} == first[path.stem], path.name
    assert "shopify.orders" in first["shopify_orders_export_73col"]
    assert "shopify.customers" in first["shopify_customers_export_20col"]
    assert first["klaviyo_subscribers_header"] == {"klaviyo.subscribers", "klaviyo.consents"}
    assert first["klaviyo_campaigns_24col"] == set()  # results of campaigns have no place yet
    assert "square.items" in first["square_items_35col"]
    assert first["square_transactions_55col_header"] == {"square.transactions"}
    assert first["magento_customer_listing_header"] == {"magento.customers"}
    assert first["stripe_balance_activity_itemized"] == {"stripe.activity"}
