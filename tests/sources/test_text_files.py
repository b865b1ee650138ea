"""Text files of every make, written here byte by byte; what must come out is what was put in."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.errors import DataError
from habitue.report.locale import Words
from habitue.sources import text_files
from habitue.sources.declared import Source
from habitue.staging.identifiers import cleaned
from support.reading import cells, raw, rejects, source

AB = source({"transaction_id": "a", "net_amount": "b"})


def write(folder: Path, content: str | bytes, name: str = "sales.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(con: Any, folder: Path, content: str | bytes, declared: Source = AB) -> Any:
    return raw(con, write(folder, content), declared)


def worded(fault: DataError) -> str:
    return "\n".join(Words("en", strict=True).say(told) for told in fault.messages)


# Encodings


FRENCH = "a;b\nCœur à 5 €;Noël\nNœud d’été;L’Haÿ\n"
RUSSIAN = "a;b\nПётр Щукин;15,50\nЖанна Ёлкина;7,00\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (FRENCH.encode("utf-8"), "utf-8"),
        (FRENCH.encode("utf-8-sig"), "utf-8-sig"),
        (b"\xff\xfe" + FRENCH.encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + FRENCH.encode("utf-16-be"), "utf-16"),
        (FRENCH.encode("utf-16-le"), "utf-16-le"),
        (FRENCH.encode("utf-16-be"), "utf-16-be"),
        (FRENCH.encode("cp1252"), "cp1252"),
    ],
)
def test_french_in_every_encoding(con: Any, tmp_path: Path, content: bytes, encoding: str) -> None:
    found = read(con, tmp_path, content)
    assert found.encoding == encoding
    assert cells(found) == [(2, "Cœur à 5 €", "Noël"), (3, "Nœud d’été", "L’Haÿ")]


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16-le", "utf-16-be", "utf-8"])
def test_russian_in_every_encoding(con: Any, tmp_path: Path, encoding: str) -> None:
    found = read(con, tmp_path, RUSSIAN.encode(encoding))
    assert found.encoding == encoding
    assert cells(found) == [(2, "Пётр Щукин", "15,50"), (3, "Жанна Ёлкина", "7,00")]


@pytest.mark.parametrize(
    "text",
    ["Дата;Сумма\n", "a;b\nИванов;5\n", "a;b\nОна;1\n", "a;b\n№ 7;1\nЯ;2\n", "a;b\nООО «Ёж»;1\n", "a;b\nIvan;Мгл\n"],
)
def test_short_russian_files(tmp_path: Path, text: str) -> None:
    assert text_files.guess_encoding(write(tmp_path, text.encode("cp1251"))) == "cp1251"


@pytest.mark.parametrize(
    "text",
    ["a;b\nLéa;5\n", "a;b\nà;5\n", "a;b\nCréée à Œ;1\n", "a;b\nDÉJÀ;1\n", "a;b\n5 €;1\n", "a;b\nAção;ñandú\n",
     "a;b\nStraße;Übergröße\n", "a;b\nCœur;Bœuf\n"],
)  # fmt: skip
def test_short_western_files(tmp_path: Path, text: str) -> None:
    assert text_files.guess_encoding(write(tmp_path, text.encode("cp1252"))) == "cp1252"


def test_utf_16_without_mark_that_begins_with_a_cyrillic_letter(tmp_path: Path) -> None:
    # The first letter has no zero byte: all of the beginning is looked at.
    for encoding in ("utf-16-le", "utf-16-be"):
        assert text_files.guess_encoding(write(tmp_path, "Дата;Сумма\n01.02.2024;5,00\n".encode(encoding))) == encoding


def test_a_letter_cut_by_the_sample(con: Any, tmp_path: Path) -> None:
    rows = "".join(f"{n};é\n" for n in range(60_000))
    found = read(con, tmp_path, "a;b\n" + rows)
    assert found.encoding == "utf-8"
    assert found.table.count().to_pyarrow().as_py() == 60_000


@pytest.mark.parametrize(
    ("content", "stated"),
    [
        (FRENCH.encode("cp1252"), "utf-8"),
        (FRENCH.encode("cp1252"), "ascii"),
        ("a;b\n\x81;1\n".encode("latin-1"), "cp1252"),
        (FRENCH.encode("utf-8") + b"x", "utf-16"),
        (FRENCH.encode("utf-8-sig") + b"\xe9;1\n", None),
    ],
)
def test_a_wrong_encoding_is_a_clear_error(con: Any, tmp_path: Path, content: bytes, stated: str | None) -> None:
    declared = source({"transaction_id": "a"}, encoding=stated)
    with pytest.raises(DataError) as told:
        read(con, tmp_path, content, declared)
    assert f"sales.csv cannot be read as {stated or 'utf-8-sig'}" in worded(told.value)


def test_an_encoding_that_does_not_exist(con: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="encoding_wrong"):
        read(con, tmp_path, "a;b\n", source({"transaction_id": "a"}, encoding="windows-125"))


def test_a_stated_encoding_is_taken(con: Any, tmp_path: Path) -> None:
    found = read(con, tmp_path, "a;b\né;1\n".encode("mac-roman"), source({"transaction_id": "a"}, encoding="mac-roman"))
    assert cells(found) == [(2, "é", "1")]


# Separators, quotes, line numbers


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separators(con: Any, tmp_path: Path, delimiter: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerows([["a", "b"], ["x,y;z", 'say "hi"'], ["p|q\tr", ""]])
    found = read(con, tmp_path, text.getvalue())
    assert found.delimiter == delimiter
    assert cells(found) == [(2, "x,y;z", 'say "hi"'), (3, "p|q\tr", None)]


def test_a_stated_separator_is_taken(con: Any, tmp_path: Path) -> None:
    found = read(con, tmp_path, "a#b\n1#2\n", source({"transaction_id": "a"}, delimiter="#"))
    assert cells(found) == [(2, "1", "2")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(con: Any, tmp_path: Path, end: str, last: bool) -> None:
    text = end.join(["a,b", "1,2", "3,4"]) + (end if last else "")
    assert cells(read(con, tmp_path, text)) == [(2, "1", "2"), (3, "3", "4")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_breaks_in_cells_keep_the_line_numbers(con: Any, tmp_path: Path, end: str) -> None:
    text = end.join(["a,b", "1,2", '3,"x', 'y, z"', "5,6", '"7', "", '8",9', "10,11", ""])
    assert [(n, a) for n, a, _ in cells(read(con, tmp_path, text))] == [
        (2, "1"), (3, "3"), (5, "5"), (6, "7\n\n8"), (9, "10"),
    ]  # fmt: skip


def test_blank_and_short_lines_are_kept_in_their_place(con: Any, tmp_path: Path) -> None:
    found = read(con, tmp_path, "a,b,c\n1,2,3\n\n4\n5,6\n   \n7,8,9\n")
    assert [row[0] for row in cells(found)] == [2, 3, 4, 5, 6, 7]
    assert cells(found)[1] == (3, None, None, None)
    assert cells(found)[2:4] == [(4, "4", None, None), (5, "5", "6", None)]
    assert rejects(found) == []


def test_too_many_cells_are_rejected_by_line(con: Any, tmp_path: Path) -> None:
    found = read(con, tmp_path, "a,b\n1,2\n3,4,5\n6,7,\n8,9,,\n10,11\n")
    assert rejects(found) == [(3, "too_many_fields")]
    assert [row[:2] for row in cells(found)] == [(2, "1"), (4, "6"), (5, "8"), (6, "10")]


def test_an_unclosed_quote_spoils_its_line_only(con: Any, tmp_path: Path) -> None:
    rows = [f"{n},x" for n in range(2, 200)]
    rows[48] = '50,"Chez Léa'
    rows[98] = '100,5" pipe'
    rows[148] = '150,"and again'
    found = read(con, tmp_path, "a,b\n" + "\n".join(rows) + "\n")
    assert rejects(found) == [(50, "malformed_row"), (150, "malformed_row")]
    kept = {n: (a, b) for n, a, b in cells(found)}
    assert sorted(kept) == [n for n in range(2, 200) if n not in (50, 150)]
    assert kept[100] == ("100", '5" pipe')
    assert all(kept[n] == (str(n), "x") for n in kept if n != 100)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('2,"x', "malformed_row"),
        ('"2,x', "malformed_row"),
        ('2,"x"y"', "malformed_row"),
        ('2,x"', None),
        ('2,"x""y"', None),
        ('2, "x"', None),
        ('2,"say "hi" to"', None),
    ],
)
def test_quotes_among_quoted_rows(con: Any, tmp_path: Path, line: str, reason: str | None) -> None:
    found = read(con, tmp_path, f'a,b\n"1","p"\n{line}\n"3","q"\n"4","r, s"\n5,"two\nlines"\n')
    assert rejects(found) == ([(3, reason)] if reason else [])
    kept = cells(found)
    assert [row for row in kept if row[0] != 3] == [
        (2, "1", "p"), (4, "3", "q"), (5, "4", "r, s"), (6, "5", "two\nlines"),
    ]  # fmt: skip
    assert len(kept) == (4 if reason else 5)


def test_stray_quotes_lose_no_row(con: Any, tmp_path: Path) -> None:
    # Inches: a quote within a cell that is not quoted opens nothing.
    found = read(con, tmp_path, 'a,b\n1,5" pipe\n2,x\n\n3,6" pipe\n4,y\n')
    assert [row[1] for row in cells(found)] == ["1", "2", None, "3", "4"]
    assert rejects(found) == []


def test_a_very_long_cell(con: Any, tmp_path: Path) -> None:
    long = "x" * 300_000
    for broken in ("", "\n"):  # the second text is read line by line
        found = read(con, tmp_path, f"a,b\n1,{long}\n2,y\n{broken}3,z\n")
        assert [(row[1], len(row[2] or "")) for row in cells(found) if row[1]] == [("1", 300_000), ("2", 1), ("3", 1)]
    assert csv.field_size_limit() == 131_072


# Headers


def test_title_lines_are_passed_over(con: Any, tmp_path: Path) -> None:
    text = 'Sales report\n"printed, on\n2024-05-01"\n\nShop 12,,\na,b,c\n1,2,3\nTotal,2,\n'
    found = read(con, tmp_path, text)
    assert found.header_line == 6
    assert cells(found) == [(7, "1", "2", "3"), (8, "Total", "2", None)]


def test_a_stated_header_line(con: Any, tmp_path: Path) -> None:
    text = "a,b\nx,y\na,b\n1,2\n"
    assert read(con, tmp_path, text).header_line == 1
    stated = source({"transaction_id": "a"}, header_line=3)
    assert cells(read(con, tmp_path, text, stated)) == [(4, "1", "2")]
    with pytest.raises(DataError, match="no_header"):
        read(con, tmp_path, text, source({"transaction_id": "a"}, header_line=9))


def test_repeated_headers_are_told_apart(con: Any, tmp_path: Path) -> None:
    found = read(con, tmp_path, "a,b,a,A,,row_number,a (2)\n1,2,3,4,5,6,7\n")
    assert found.names == ("a", "b", "a (2)", "A (3)", "column 5", "row_number (2)", "a (2) (2)")
    assert cells(found) == [(2, "1", "2", "3", "4", "5", "6", "7")]


def test_missing_headers_are_all_told_with_their_neighbours(con: Any, tmp_path: Path) -> None:
    declared = source({"transaction_id": "ticket", "net_amount": "Amount", "sold_at": "when"})
    with pytest.raises(DataError) as told:
        read(con, tmp_path, "Tickets,amont,x\n1,2,3\n", declared)
    said = worded(told.value).splitlines()
    assert len(said) == 3
    assert "“ticket”; did you mean “Tickets”?" in said[0]
    assert "“Amount”; did you mean “amont”?" in said[1]
    assert "no column “when”. It has: Tickets, amont, x." in said[2]


def test_a_file_without_headers_tells_nobodys_data(con: Any, tmp_path: Path) -> None:
    declared = source({"source_customer_id": "e-mail"}, kind="customers")
    with pytest.raises(DataError) as told:
        read(con, tmp_path, "anna@example.com,0612345678,12.50\n", declared)
    said = worded(told.value)
    assert "example.com" not in said
    assert "0612345678" not in said


def test_other_names_of_a_header(con: Any, tmp_path: Path) -> None:
    declared = source({"transaction_id": "a"}, other_names={"a": ("ticket no", "id")})
    assert cells(read(con, tmp_path, "b,ticket no\n1,2\n", declared)) == [(2, "1", "2")]
    found = read(con, tmp_path, "id,a\n1,2\n", declared)
    assert found.names == ("id", "a")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b"  \r\n"])
def test_an_empty_file(con: Any, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match="file_empty"):
        read(con, tmp_path, content)


def test_a_header_and_nothing_else(con: Any, tmp_path: Path) -> None:
    for text in ("a,b\n", "a,b"):
        found = read(con, tmp_path, text)
        assert cells(found) == []
        assert found.names == ("a", "b")


def test_a_single_column(con: Any, tmp_path: Path) -> None:
    declared = source({"sku": "sku"}, kind="products")
    assert cells(read(con, tmp_path, "sku\n1\n\n2\n", declared)) == [(2, "1"), (3, None), (4, "2")]
    # Commas are part of the values, not a second column.
    found = read(con, tmp_path, "sku\n1,5\n2,5\n", declared)
    assert [row[1] for row in cells(found)] == ["1,5", "2,5"]


def test_a_long_file_of_carriage_returns(con: Any, tmp_path: Path) -> None:
    text = "a,b\r" + "".join(f"{n},{'x' * 50}\r" for n in range(6000))
    assert len(text) > text_files.SAMPLE_BYTES
    assert read(con, tmp_path, text).table.count().to_pyarrow().as_py() == 6000


# Two ways of reading, one result


LINES = st.sampled_from(
    ['1,2', 'x,y', ' p , q ', '"a","b"', '"a, b",c', '"say ""hi""",z', '5" pipe,1', 'é,€', ',', '"",x', 'a, "b"',
     "'1,2'", '"x" ,y', '1,"2"', 'naïve,"—"', 'a\\,b', '"a\\",b']
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(LINES, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_both_ways_give_the_same_table(con: Any, lines: list[str], end: str, has_end: bool) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder), "a,b" + end + end.join(lines) + (end if has_end else ""))
        layout = text_files.look(path, AB)
        con.raw_sql("SET preserve_insertion_order = true")
        fast = text_files._load_plain(con.con, path, layout, "fast", len(lines) + 1)
        text_files._load_by_line(con.con, path, layout, "slow")
        con.raw_sql("SET preserve_insertion_order = false")
        slow = cleaned(con.table("slow")).order_by("row_number").to_pyarrow().to_pylist()
        rejected = con.table("slow_rejects").to_pyarrow().to_pylist()
        assert sorted([row["row_number"] for row in slow + rejected]) == list(range(2, len(lines) + 2))
        if fast:
            assert cleaned(con.table("fast")).order_by("row_number").to_pyarrow().to_pylist() == slow
            assert rejected == []
        for name in ("fast", "fast_text", "fast_rejects", "slow", "slow_rejects"):
            kind = "VIEW" if name == "fast" else "TABLE"
            con.con.execute(f"DROP {kind} IF EXISTS {name}")


CELLS = st.text(st.sampled_from("ab ,;\"'\n|é€5"), max_size=6)


@settings(max_examples=40)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=10), st.sampled_from(";,|"), st.booleans())
def test_what_a_writer_has_written_is_read_back(
    con: Any, rows: list[tuple[str, str, str]], delimiter: str, all_quoted: bool
) -> None:
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting)
    writer.writerow(["a", "b", "c"])
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    with TemporaryDirectory() as folder:
        found = read(con, Path(folder), text.getvalue(), source({"transaction_id": "a"}, delimiter=delimiter))
    assert rejects(found) == []
    # Spaces at a cell's ends mean nothing (cleaning takes them away).
    written = [(line, *(cell.strip(" ") for cell in row)) for line, row in zip(lines, rows, strict=True)]
    assert [(n, *((cell or "").strip(" ") for cell in row)) for n, *row in cells(found)] == written


def test_a_large_file_is_read_the_fast_way_in_order(con: Any, tmp_path: Path) -> None:
    draw = random.Random(1)
    rows = [(n, draw.randrange(10**6)) for n in range(2, 100_002)]
    found = read(con, tmp_path, "a,b\n" + "".join(f"{n},{x}\n" for n, x in rows))
    wrong = found.table.filter(found.table["row_number"] != found.table["a"].cast("int64"))
    assert wrong.count().to_pyarrow().as_py() == 0
    assert found.table["b"].cast("int64").sum().to_pyarrow().as_py() == sum(x for _, x in rows)
