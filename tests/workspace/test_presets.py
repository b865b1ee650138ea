"""A source that names a known export: what is written by hand comes first, its faults are told as any other's."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from habitue import project
from habitue.cli import app
from habitue.errors import ConfigurationError, Message, UsageError
from habitue.report.locale import LANGUAGES, Words
from habitue.sources.declared import Source
from habitue.sources.presets import presets, tools
from habitue.workspace import config
from habitue.workspace.config import Settings

SHOP = """
[sources.shop]
preset = "shopify.orders"
files = "orders.csv"
"""


def valid(text: str) -> Settings:
    return config.validate(tomllib.loads(text))


def shop(more: str = "") -> Source:
    (found,) = valid(SHOP + more).sources
    return found


def faults(text: str) -> list[Message]:
    with pytest.raises(ConfigurationError) as raised:
        valid(text)
    for language in LANGUAGES:
        for fault in raised.value.messages:
            assert Words(language, strict=True).say(fault)
    return list(raised.value.messages)


def test_a_preset_gives_what_is_not_written() -> None:
    found = shop()
    assert (found.kind, found.customer_system, found.headers("sku")) == ("transactions", "shopify", ("Lineitem sku",))


def test_what_is_written_by_hand_replaces_and_adds() -> None:
    found = shop('tax = "included"\noptional = "Lineitem sku"\n[sources.shop.columns]\nsku = "EAN"\npoints = "Points"')
    assert (found.tax, found.headers("sku"), found.headers("points")) == ("included", ("EAN",), ("Points",))
    assert found.headers("transaction_id") == ("Name",)
    assert {"Lineitem sku", "Cancelled at"} <= {*found.optional}


def test_a_constant_takes_the_place_of_a_column_and_the_reverse() -> None:
    found = shop('[sources.shop.values]\nsales_channel = "online"')
    assert ("sales_channel" in found.columns, found.values["sales_channel"]) == (False, "online")
    text = '[sources.s]\npreset = "square.items"\nfiles = "x"\n[sources.s.columns]\nsales_channel = "Channel"'
    (found,) = valid(text).sources
    assert (found.headers("sales_channel"), found.values) == (("Channel",), {})


@pytest.mark.parametrize("nothing", ['""', "[]"])
def test_an_empty_column_takes_the_presets_away(nothing: str) -> None:
    assert "source_customer_id" not in shop(f"[sources.shop.columns]\nsource_customer_id = {nothing}").columns


def test_rules_of_the_file_come_first_and_those_of_a_preset_hold_for_its_source() -> None:
    rule = '[[sale_types]]\nsale_type = "sale"\nsource = "shop"\nlabel = "pending*"\n'
    second = '[sources.other]\npreset = "shopify.orders"\nfiles = "x"\n'
    rules = valid(rule + SHOP + second).sale_types
    assert (rules[0].sale_type, rules[0].source) == ("sale", "shop")
    assert [rule.source for rule in rules] == ["shop"] * 5 + ["other"] * 4
    assert {rule.population for rule in valid('[sources.m]\npreset = "magento.orders"\nfiles = "x"').populations} == {
        "b2b"
    }


def test_an_unknown_preset_is_told_with_the_known_ones() -> None:
    (fault,) = faults('[sources.shop]\npreset = "shopify.order"\nfiles = "x"')
    assert (fault.code, fault.params["place"]) == ("preset.unknown_suggest", "sources.shop.preset")
    assert fault.params["suggestion"] == "shopify.orders"
    assert fault.params["choices"].split(", ") == [*presets()]
    (fault,) = faults('[sources.shop]\npreset = "odoo"\nfiles = "x"')
    assert fault.code == "preset.unknown"


def test_faults_beside_a_preset_are_gathered() -> None:
    text = (
        SHOP.replace("shopify.orders", "shop") + '[sources.b]\npreset = "square.items"\nkind = "customers"\nfiles = "x"'
    )
    found = {(fault.code, fault.params["place"]) for fault in faults(text + "\n[project]\nlanguage = 'de'")}
    assert found == {
        ("preset.unknown", "sources.shop.preset"), ("setting.choices", "sources.b.kind"),
        ("setting.choices", "project.language"),
    }  # fmt: skip


def test_a_preset_of_no_text_and_columns_of_no_table_are_told() -> None:
    assert [fault.params["place"] for fault in faults('[sources.shop]\npreset = 5\nkind = "rates"\nfiles = "x"')] == [
        "sources.shop.preset"
    ]
    assert [fault.params["place"] for fault in faults(SHOP + "columns = 5")] == ["sources.shop.columns"]


def test_a_column_that_every_file_needs_cannot_be_optional() -> None:
    assert {fault.params["column"] for fault in faults(SHOP + 'optional = ["Created at", "Name"]')} == {
        "sold_at", "transaction_id",
    }  # fmt: skip


def test_a_rule_may_name_a_source_whose_preset_is_wrong() -> None:
    text = '[[sale_types]]\nsale_type = "test"\nsource = "shop"\nsku = "T"\n' + SHOP.replace("shopify", "x")
    assert [fault.code for fault in faults(text)] == ["preset.unknown_suggest"]


# The first settings


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tool", [*tools()])
def test_init_writes_settings_that_are_valid(tmp_path: Path, language: str, tool: str) -> None:
    text = project.init(tmp_path, language, [tool]).read_text("utf-8")
    settings = valid(text)
    assert [source.preset for source in settings.sources] == [p.name for p in tools()[tool] if p.is_suggested]
    assert settings.project.language == language
    commented = [p.name for p in tools()[tool] if not p.is_suggested]
    assert [name for name in commented if f'# preset = "{name}"' not in text] == []
    for preset in tools()[tool]:
        assert Words(language).term("grade", preset.grade) in text


def test_init_takes_several_tools_and_single_exports(tmp_path: Path) -> None:
    settings = valid(project.init(tmp_path, "en", ["till", "shopify.customers", "till.lines"]).read_text("utf-8"))
    assert [source.name for source in settings.sources] == ["till_lines", "shopify_customers"]


def test_init_without_a_preset_is_as_it_was(tmp_path: Path) -> None:
    text = project.init(tmp_path).read_text("utf-8")
    assert "[sources.till]" in text
    assert "preset" not in text


def test_init_names_every_tool_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        project.init(tmp_path, "en", ["Shopify", "odoo", "square"])
    assert [(m.code, m.params["value"]) for m in raised.value.messages] == [
        ("preset.unknown_suggest", "Shopify"), ("preset.unknown", "odoo"),
    ]  # fmt: skip
    assert raised.value.messages[0].params["suggestion"] == "shopify"
    assert not (tmp_path / "habitue.toml").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_presets(language: str) -> None:
    done = CliRunner().invoke(app, ["--lang", language, "presets"])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    for preset in presets().values():
        (line,) = [line for line in lines if line.split()[:1] == [preset.name]]
        assert Words(language, strict=True).term("grade", preset.grade) in line
