"""The pattern page: every component stands there once, in every language, and its values are said to be made up."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from habitue.report.layout import Fold, Plain, Sample
from habitue.report.locale import LANGUAGES, catalogue
from habitue.web.pages import patterns
from support.serving import Site

PARTS = ("figures", "filters", "search", "at-work", "tag simulated", "tag assumed", "tag sample", "empty", "primary")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_component_is_there_with_a_sentence(shop: Site, language: str) -> None:
    answer = shop.get(f"/shop/{language}/patterns")
    assert answer.status == 200
    for part in PARTS:
        assert f'class="{part}"' in answer.text, part
    for level in ("act", "look", "collect", "note"):
        assert f'class="item-{level}"' in answer.text
    for status in ("good", "bad"):
        assert f'class="status {status}"' in answer.text
    sentences = [code for code in catalogue(language) if re.fullmatch(r"web\.patterns\.\w+_when", code)]
    assert answer.text.count("<section ") == len(sentences)


def test_every_kind_of_block_is_shown() -> None:
    used = {name for name, value in vars(patterns).items() if isinstance(value, type) and hasattr(value, "kind")}
    # The chart is drawn through the context, so it is not named in the module.
    assert used | {"Chart"} >= {kind.__name__ for kind in (*get_args(Plain), Fold, Sample)}


def test_the_values_are_said_to_be_samples(shop: Site) -> None:
    head = shop.get("/shop/en/patterns").text.partition("</h1>")[0]
    assert re.search(r'class="tag sample">sample values<', head)


def test_it_is_reached_from_the_foot_of_every_page_and_not_from_the_menu(shop: Site) -> None:
    html = shop.get("/shop/en/data").text
    menu, _, rest = html.partition("</header>")
    assert "/shop/en/patterns" not in menu
    assert 'href="/shop/en/patterns"' in rest.partition("<footer>")[2]
