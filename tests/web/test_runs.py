"""Runs: the list, one run in full, and two of them side by side."""

from __future__ import annotations

import re
from html import unescape

import pyarrow.parquet as pq
import pytest

from habitue.project import Project
from habitue.report.locale import LANGUAGES, Words
from habitue.report.run_changes import changes, files, settings
from habitue.workspace.catalogue import Run
from support.serving import Site


@pytest.fixture(scope="module")
def runs(shop_project: Project) -> list[Run]:
    """The older run as of 30 June 2025, the newer one as of 31 December."""
    return shop_project.workspace.runs()


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_the_newest_run_comes_first(shop: Site, runs: list[Run]) -> None:
    page = shop.get("/shop/en/runs").text
    body = page[page.index("<tbody>") :]
    assert body.index(runs[1].run_id) < body.index(runs[0].run_id)
    text = plain(page)
    assert "2 runs; the newest is as of 31 Dec 2025." in text
    assert "kept from 30 Jun 2025" in text
    assert "set in this run" in text
    assert f"a={runs[0].run_id}&b={runs[1].run_id}" in unescape(page)


def test_a_run_is_told_in_full(shop: Site, runs: list[Run]) -> None:
    page = shop.get(f"/shop/en/runs/{runs[0].run_id}").text
    text = plain(page)
    assert "As of 30 Jun 2025:" in text
    assert runs[0].manifest["settings_hash"] in text
    for file in runs[0].manifest["files"]:
        assert file["file_id"] in text
    assert f"run={runs[0].run_id}" in page  # links stay with this run, though the page shows the newest
    lines = runs[0].manifest["rows"]["transaction_lines"]
    assert re.search(rf"transaction_lines {lines:,}\b", text)


def test_two_runs_side_by_side(shop: Site, shop_project: Project, runs: list[Run]) -> None:
    page = shop.get(f"/shop/en/runs?a={runs[0].run_id}&b={runs[1].run_id}").text
    text = plain(page)
    assert "What differs between these two runs?" in text
    assert "Both runs use the same thresholds" in text
    assigned = [
        {
            row["customer_id"]: row["segment"]
            for row in pq.read_table(shop_project.workspace.table_path(run, "assignments")).to_pylist()
            if (row["segmentation"], row["population"]) == ("strategic", "consumer")
        }
        for run in runs
    ]
    both = [(old, assigned[1][who]) for who, old in assigned[0].items() if who in assigned[1]]
    known = [(old, new) for old, new in both if old != "not_yet_customer"]
    stayed = sum(old == new for old, new in known)
    assert f"{stayed} of {len(known)} customers are in the same segment in both runs" in text
    moved = sum(pair == ("loyal", "slipping") for pair in both)
    row = re.search(r"Customers by segment on 30 Jun 2025.*?</table>", page, re.DOTALL)
    assert row is not None
    heads = re.findall(r"<th scope=\"col\"[^>]*><span>([^<]+)<", row[0])
    loyal = re.search(r"</span>Loyal</th>(.*?)</tr>", row[0], re.DOTALL)
    assert loyal is not None
    cells = re.findall(r"<td[^>]*>([^<]+)<", loyal[1])
    assert cells[heads.index("Slipping") - 1] == f"{moved:,}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language(shop: Site, runs: list[Run], language: str) -> None:
    for path in ("runs", f"runs/{runs[0].run_id}", f"runs?a={runs[0].run_id}&b={runs[1].run_id}"):
        answer = shop.get(f"/shop/{language}/{path}")
        assert answer.status == 200, answer.text
        assert not re.search(r"\b(?:web|report)\.[a-z]\w*|\{\w+\}|\bNone\b", plain(answer.text))


def test_a_lonely_run_says_what_is_missing(shop: Site, lonely_project: Project) -> None:
    (run,) = lonely_project.workspace.runs()
    listed = plain(shop.get("/lonely/en/runs").text)
    assert "There is one run. A second one" in listed
    assert "Compare the run" not in listed
    assert "This run makes no statement about the time ahead" in plain(shop.get(f"/lonely/en/runs/{run.run_id}").text)


def test_what_cannot_be_compared(shop: Site, runs: list[Run]) -> None:
    same = shop.get(f"/shop/en/runs?a={runs[0].run_id}&b={runs[0].run_id}")
    assert same.status == 400
    assert "cannot be compared with itself" in same.text
    assert shop.get(f"/shop/en/runs?a={runs[0].run_id}&b=nothing").status == 404
    assert shop.get("/shop/en/runs/nothing").status == 404


def manifest(*names: str, settings_hash: str = "h", **kept: object) -> dict[str, object]:
    return {"files": [{"file_id": name} for name in names], "settings_hash": settings_hash, "settings": kept}


def test_changes_are_told_in_the_words_of_the_terminal() -> None:
    words = Words("en", strict=True)
    before, now = manifest("a", "b"), manifest("b", "c", "d", settings_hash="other", window_months=6)
    assert changes(words, now, before, 90, 100) == ["settings changed", "2 new files", "1 file gone", "−10 rows used"]
    assert changes(words, before, before, 5, 5) == []
    new, gone = files(now, before)
    assert ([file["file_id"] for file in new], [file["file_id"] for file in gone]) == (["c", "d"], ["a"])
    assert settings(now, before) == [("window_months", 6, None)]
