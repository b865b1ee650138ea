"""What `explain` prints: the sections of one customer as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from habitue.report import sections_customer
from habitue.report.context import Context
from habitue.report.exports import text_table
from habitue.report.layout import Block, Definitions, Facts, Grid, Items, Prose
from habitue.report.locale import Words

if TYPE_CHECKING:
    from habitue.workspace.explained import Explanation


def explanation_lines(told: Explanation, words: Words) -> Iterator[str]:
    """Everything about one customer, population by population, and what the terms mean."""
    c = Context(words, {}, told.run.manifest)
    title = words.text("explain.title", customer=told.asked, as_of=told.run.as_of)
    yield from (title, "=" * len(title))
    if told.run.manifest["simulated"]:
        yield words.text("console.simulated")
    run = (words.text("explain.label.run"), told.run.run_id)
    number = (words.text("explain.label.customer_id"), told.customer_id)
    yield from _facts([run] if told.asked == told.customer_id else [number, run])
    if card := sections_customer.shared_card(told, c):
        yield card
    if numbers := sections_customer.numbers(told, c):
        yield numbers
    sections = [one for buyer in told.buyers for one in sections_customer.buyer_sections(told, buyer, c)]
    if defined := sections_customer.definitions(told, c):
        sections.append(defined)
    for section in sections:
        yield from ("", section.title, "-" * len(section.title))
        for number, block in enumerate(section.blocks):
            if number and isinstance(block, Grid):
                yield ""
            yield from _block(block, words)


def _block(block: Block, words: Words) -> Iterator[str]:
    if isinstance(block, Facts):
        yield from _facts(block.entries)
    elif isinstance(block, Grid):
        rows = [[cell.text for cell in row] for row in block.rows]
        yield from text_table(
            [column.label for column in block.columns], rows, [column.is_number for column in block.columns]
        )
    elif isinstance(block, Prose):
        yield block.text
    elif isinstance(block, Items):
        yield from (f"{words.text('cli.warning')} {item.text}" for item in block.items)
    elif isinstance(block, Definitions):
        for _, term, meaning in block.entries:
            yield words.text("explain.defined", term=term, meaning=meaning)


def _facts(facts: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Names and values under one another, the values aligned."""
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        yield f"{name.ljust(width)}  {value}"
