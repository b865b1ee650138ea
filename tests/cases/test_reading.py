"""Cases R: reading files as the world writes them. Expected values: each case's EXPECTED.md, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from cases.conftest import Case

Open = Callable[[str], Case]


def test_r01_one_date_order_for_the_whole_column(case: Open) -> None:
    r01 = case("R01")
    assert "day first (proved by line 10: 14/11/2024 17:25)" in r01.command("check")
    r01.run("2024-12-31")
    days = {number: (row["first_purchase_on"], row["last_purchase_on"]) for number, row in r01.by_number().items()}
    assert days == {
        "K01": ("2024-09-03", "2024-11-14"),
        "K02": ("2024-09-04", "2024-12-23"),
        "K03": ("2024-09-05", "2024-11-10"),
        "K04": ("2024-10-09", "2024-12-05"),
        "K05": ("2024-11-11", "2024-12-02"),
    }
    months = [row["sold_on"][:7] for row in r01.table("transaction-lines")]
    counts = {month: months.count(month) for month in sorted(set(months))}
    assert counts == {"2024-09": 4, "2024-10": 2, "2024-11": 3, "2024-12": 3}
    assert not r01.refused()
    recency = {number: row["recency_days"] for number, row in r01.by_number("rfm").items()}
    assert recency == {"K01": "47", "K02": "8", "K03": "51", "K04": "26", "K05": "29"}


def test_r03_every_spelling_is_read_or_refused_by_line(case: Open) -> None:
    r03 = case("R03")
    r03.run()
    lines = r03.table("transaction-lines")
    assert {row["transaction_id"] for row in lines} == {"3001", "3002", "3003", "3004", "3005", "3006", "3011"}
    assert {row["sold_on"] for row in lines} == {"2024-03-08"}
    assert {line: (row["value"], row["reason"]) for line, row in r03.refused().items()} == {
        8: ("31/02/2024", "date_impossible"),
        9: ("", "date_missing"),
        10: ("00/00/0000", "date_impossible"),
        11: ("13/14/2024", "date_impossible"),
    }
    totals = r03.totals()
    assert (totals["read"], totals["used"], totals["set_aside"]) == (176, 102, 74)


def test_r04_the_decimal_mark_is_a_property_of_the_column(case: Open) -> None:
    r04 = case("R04")
    r04.run()
    lines = r04.table("transaction-lines")
    european = {r["transaction_id"]: Decimal(r["net_amount"]) for r in lines if r["source"] == "european"}
    american = {r["transaction_id"]: Decimal(r["net_amount"]) for r in lines if r["source"] == "american"}
    assert european == {
        "1": Decimal("1234.50"), "2": Decimal("1234.50"), "3": Decimal("-1000.00"), "4": Decimal("-950.00"),
        "5": Decimal("950.00"), "6": Decimal("12.50"), "7": Decimal("1234567.89"), "8": Decimal("0.00"),
        "9": Decimal("-33.52"), "10": Decimal("-45.10"), "11": Decimal("15.00"), "12": Decimal("1234.00"),
    }  # fmt: skip
    assert sum(european.values()) == Decimal("1237219.77")
    assert american == {
        "1": Decimal("1234.56"), "2": Decimal("-182.77"), "3": Decimal("1234.00"), "4": Decimal("-15.00"),
        "5": Decimal("7.50"), "6": Decimal("12345678.90"),
    }  # fmt: skip
    assert sum(american.values()) == Decimal("12347957.19")
    assert {(row["row_number"], row["reason"]) for row in r04.table("quarantine")} == {
        ("14", "amount_missing"),
        ("15", "amount_missing"),
    }


def test_r05_four_encodings_give_the_same_customers(case: Open) -> None:
    r05 = case("R05")
    r05.run()
    rows = r05.table("source-customers", "--personal-data")
    assert len(rows) == 6
    people = {row["customer_number"]: row for row in rows}
    noel, last = people["noel.coeur@example.com"], people["anais.leveque@example.com"]
    assert (noel["first_name"], noel["last_name"]) == ("Noël", "Cœur")
    assert (noel["city"], noel["note"]) == ("Nœux-les-Mines", "bon d’achat 5 €")
    assert (last["last_name"], last["city"]) == ("Lévêque", "L’Haÿ-les-Roses")
    assert "\u2013" in people["zoe.ibanez@example.com"]["note"]
    assert "\u2019" in people["lea.morel@example.com"]["note"]
    told = "".join(value for row in rows for value in row.values())
    assert not any(c == "\ufffd" or "\u0080" <= c <= "\u009f" for c in told)
    assert "Ã" not in told
    read = r05.table("files")
    assert {row["file"]: row["encoding"] for row in read} == {
        "clients_utf8.csv": "utf-8",
        "clients_utf8_bom.csv": "utf-8-sig",
        "clients_1252.csv": "cp1252",
        "clients_utf16.txt": "utf-16",
    }


def test_r05_each_file_alone_gives_the_same_rows(case: Open) -> None:
    r05 = case("R05")
    path = r05.folder / "habitue.toml"
    settings = path.read_text("utf-8")
    files = ("clients_utf8.csv", "clients_utf8_bom.csv", "clients_1252.csv", "clients_utf16.txt")
    sources = {name.partition(".")[0]: name for name in files}
    several = [settings.replace("sources.clients", f"sources.{source}") for source in sources]
    for place, name in enumerate(files):
        lines = several[place].splitlines()
        several[place] = "\n".join(f'files = "{name}"' if line.startswith("files") else line for line in lines)
    path.write_text("\n".join(several), "utf-8")
    r05.run()
    attributes = ("customer_number", "first_name", "last_name", "city", "note")
    rows = r05.table("source-customers", "--personal-data")
    found = {
        source: {tuple(row[a] for a in attributes) for row in rows if row["source"] == source} for source in sources
    }
    right = {
        ("lea.morel@example.com", "Léa", "Morel", "Orléans", "préfère l’e-mail"),
        ("noel.coeur@example.com", "Noël", "Cœur", "Nœux-les-Mines", "bon d’achat 5 €"),
        ("agnes.dupre@example.com", "Agnès", "Dupré", "Besançon", ""),
        ("francois.gueret@example.com", "François", "Guéret", "Sète", "carte n° 12"),
        ("zoe.ibanez@example.com", "Zoé", "Ibáñez", "Pau", "VIP – été"),
        ("anais.leveque@example.com", "Anaïs", "Lévêque", "L’Haÿ-les-Roses", ""),
    }
    assert found == dict.fromkeys(sources, right)


def test_r06_windows_1251(case: Open) -> None:
    r06 = case("R06")
    assert "cp1251" in r06.command("check")
    r06.run()
    lines = r06.table("transaction-lines")
    assert len(lines) == 6
    assert sum(Decimal(row["net_amount"]) for row in lines) == Decimal("15740.50")
    assert sorted(row["sold_on"] for row in lines) == [
        "2024-02-05", "2024-02-17", "2024-02-18", "2024-02-29", "2024-03-03", "2024-03-30",
    ]  # fmt: skip
    customers = r06.by_number()
    assert sorted(customers) == ["000817", "000818", "000819", "000820", "000821"]
    assert Decimal(customers["000817"]["net_amount"]) == 0
    names = {row["last_name"] for row in r06.table("source-customers", "--personal-data")}
    assert names == {"Жанна Ёлкина", "Пётр Щукин", "Юлия Цой", "Эльдар Хабибуллин", "Анна Белова"}


def test_r06_telephone_numbers(case: Open) -> None:
    r06 = case("R06")
    r06.run()
    people = r06.by_number("source-customers")
    assert [people[f"00081{n}"]["phone"] for n in (7, 8, 9)] == ["+79123456789", "+79123456790", "+79123456791"]
    assert people["000820"]["phone"] == "+79123456792"


def test_r07_codes_keep_their_zeros(case: Open) -> None:
    r07 = case("R07")
    r07.run()
    customers = r07.by_number()
    assert len(customers) == 28
    revenue = {number: Decimal(row["net_amount"]) for number, row in customers.items() if row["visits_count"] != "0"}
    assert revenue == {
        "1001": Decimal(10), "457": Decimal(20), "0457": Decimal(80), "000457": Decimal(45), "2030": Decimal(1),
    }  # fmt: skip
    people = r07.by_number("source-customers")
    assert (people["457"]["last_name"], people["0457"]["last_name"]) == ("Inès Faure", "Rose Adam")
    assert people["000457"]["last_name"] == "Omar Benali"
    assert [people[number]["postcode"] for number in ("000457", "0457", "2030")] == ["01000", "02100", "06000"]


def test_r08_the_first_of_two_headers_is_used_and_said(case: Open) -> None:
    r08 = case("R08")
    assert "has these headers more than once: Email" in r08.command("check")
    r08.run()
    found = {number: (Decimal(r["net_amount"]), r["purchases_count"]) for number, r in r08.by_number().items()}
    assert found == {
        "claire.noel@example.com": (Decimal(80), "2"),
        "marc.petit@example.com": (Decimal(25), "2"),
        "bureau@example.org": (Decimal(15), "1"),
    }


def test_r08_the_second_header_can_be_named(case: Open) -> None:
    r08 = case("R08")
    settings = r08.folder / "habitue.toml"
    settings.write_text(settings.read_text("utf-8").replace('"Email"', '"Email (2)"'), "utf-8")
    r08.run()
    found = {number: Decimal(row["net_amount"]) for number, row in r08.by_number().items()}
    assert found == {
        "bureau@example.org": Decimal(30),
        "jade.noel@example.com": Decimal(50),
        "marc.petit@example.com": Decimal(5),
    }


def test_r09_title_and_total_rows_are_no_sales(case: Open) -> None:
    r09 = case("R09")
    r09.run()
    lines = r09.table("transaction-lines")
    assert {row["transaction_id"]: Decimal(row["net_amount"]) for row in lines} == {
        "1": Decimal("45.00"), "2": Decimal("12.50"), "3": Decimal("-5.00"), "4": Decimal("1020.00"),
        "5": Decimal("8.00"), "6": Decimal("30.00"), "7": Decimal("64.50"), "8": Decimal("15.00"),
    }  # fmt: skip
    assert r09.totals()["read"] == Decimal("1190.00")
    (read,) = [row for row in r09.table("files") if row["kind"] == "transactions"]
    assert Decimal(read["stated_total_amount"]) == Decimal("1190.00")
    assert (read["header_line"], read["rows"]) == ("4", "8")
    per_card = {number: Decimal(row["net_amount"]) for number, row in r09.by_number().items()}
    assert per_card == {
        "C100": Decimal("40.00"), "C101": Decimal("42.50"), "C102": Decimal("1035.00"), "C103": Decimal("64.50"),
    }  # fmt: skip
    assert sum(Decimal(row["net_amount"]) for row in lines if not row["customer_id"]) == Decimal("8.00")
    cards = r09.by_number("source-customers")
    assert cards["C100"]["address"] == "12, rue du Port\nBP 40; 2e étage"
    assert cards["C101"]["last_name"] == 'Kerdoncuf "Yann"'


def test_r09_the_order_of_day_and_month_is_asked_for(case: Open) -> None:
    r09 = case("R09")
    settings = r09.folder / "habitue.toml"
    kept = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("date_order")]
    settings.write_text("\n".join(kept), "utf-8")
    said = r09.command("run", code=1)
    assert "date_order" in said
    assert "Date" in said
