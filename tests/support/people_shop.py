"""A small shop of two customer systems with consent: persons of several numbers, pairs that wait, whom one can contact.

crm (cards): 1 Anna Martin, 2 Bob Lenoir, 3 and 4 Carla Petit, 5 Dora and 6 Emil Caron (one home), 7 and 8 Sam Okoye
with birth dates a digit apart, 9 Louis Vidal, 10 a till's own record, 11 and 12 Vera Blanc (merged by the system), 13
and 14 Nora Roux, 15 and 16 Ida Lemaire. web (accounts): 101 Anna Martin, 102 Robert Lenoir with Bob's address, 103
Louis Vidal. Three pairs wait, since 3, 13 and 15 allowed post and the other numbers were never asked: 15 and 16, 13 and
14 (by name and postcode), 3 and 4 (by name and address), in this order.
"""

from __future__ import annotations

from pathlib import Path

from habitue import project
from habitue.project import Project
from habitue.workspace.people import People

SETTINGS = """
[project]
name = "Cards and accounts"
language = "en"
currency = "EUR"
time_zone = "Europe/Paris"
[engine]
threads = 2
memory = "1GB"

[identity]
stakes_probability = 0.99999

[sources.cards]
kind = "customers"
files = "cards.csv"
customer_system = "crm"
[sources.cards.columns]
source_customer_id = "card"
first_name = "first"
last_name = "last"
birth_date = "born"
email = "mail"
phone = "tel"
address = "street"
postcode = "zip"

[sources.accounts]
kind = "customers"
files = "accounts.csv"
customer_system = "web"
[sources.accounts.columns]
source_customer_id = "id"
first_name = "first"
last_name = "last"
birth_date = "born"
email = "mail"
phone = "tel"

[sources.merged]
kind = "merges"
files = "merged.csv"
customer_system = "crm"
[sources.merged.columns]
source_customer_id = "old"
merged_into_id = "new"
merged_on = "day"

[sources.permissions]
kind = "consents"
files = "accounts.csv"
customer_system = "web"
[sources.permissions.columns]
source_customer_id = "id"
email = "mail"
status = "newsletter"
captured_at = "since"
[sources.permissions.values]
contact_channel = "email"

[sources.post]
kind = "consents"
files = "post.csv"
customer_system = "crm"
[sources.post.columns]
source_customer_id = "card"
status = "status"
captured_at = "day"
[sources.post.values]
contact_channel = "print"

[sources.stops]
kind = "delivery_events"
files = "replies.csv"
[sources.stops.columns]
phone = "from"
happened_at = "day"
detail = "text"
[sources.stops.values]
contact_channel = "sms"
event = "replied"

[sources.letters]
preset = "returned-mail.letters"
files = "letters.csv"
customer_system = "crm"

[sources.till]
kind = "transactions"
files = "till.csv"
customer_system = "crm"
tax = "excluded"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "card"
net_amount = "amount"
"""
BUYERS = (1, 1, 1, 2, 3, 3, 4, 5, 6, 7, 7, 8, 9, 9, 11, 12, 99, 10, 13, 14, 15, 16)
FILES = {
    "cards.csv": """card,first,last,born,mail,tel,street,zip
1,Anna,Martin,1985-12-31,anna@example.com,06 12 34 56 50,5 rue Haute,75001
2,Bob,Lenoir,1970-05-02,bob@example.com,06 12 34 56 51,8 rue Basse,69006
3,Carla,Petit,,,,3 rue du Lac,74000
4,Carla,Petit,,,,3 rue du Lac,74000
5,Dora,Caron,1980-01-05,caron@example.com,06 00 00 00 00,22 av. Foch,33000
6,Emil,Caron,1979-03-07,,06 00 00 00 00,22 avenue Foch,33000
7,Sam,Okoye,1990-10-10,sam@example.com,06 12 34 56 52,,
8,Sam,Okoye,1991-10-10,sam.okoye@example.com,06 12 34 56 52,,
9,Louis,Vidal,1960-02-03,vidal@example.com,06 12 34 56 53,1 rue du Pont,31000
10,CLIENT,DIVERS,,test@test.com,,,
11,Vera,Blanc,1955-06-07,,06 12 34 56 54,9 rue Neuve,13001
12,Vera,Blanc,,,,,
13,Nora,Roux,,,,,33000
14,Nora,Roux,,,,,33000
15,Ida,Lemaire,,,,,31000
16,Ida,Lemaire,1966-04-05,,,4 rue du Port,31000
""",
    "accounts.csv": """id,first,last,born,mail,tel,newsletter,since
101,Anna,Martin,1985-12-31,anna@example.com,,yes,2024-03-01
102,Robert,Lenoir,,bob@example.com,,no,2024-03-01
103,Louis,Vidal,1990-02-03,vidal@example.com,,yes,
""",
    "merged.csv": """old,new,day
12,11,2024-05-01
8,88,2024-05-02
1,1,2024-05-03
""",
    "post.csv": """card,status,day
3,yes,2024-02-01
13,yes,2024-02-01
15,yes,2024-02-01
""",
    "replies.csv": """from,day,text
06 12 34 56 51,2024-06-01,STOP
06 12 34 56 54,2024-06-02,which bus stop is near you
""",
    "letters.csv": """Customer number,Returned on,Reason
5,2024-06-03,NPAI
""",
    "till.csv": "ticket,day,card,amount\n" + "".join(
        f"{n},2024-{1 + n % 12:02}-{1 + n % 28:02},{card},{5 + n}.50\n" for n, card in enumerate(BUYERS * 2, 1)
    ),
}  # fmt: skip


def made(folder: Path) -> Project:
    """The shop after a run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"habitue.toml": SETTINGS, **FILES}.items():
        (folder / name).write_text(text, "utf-8")
    shop = project.open(folder)
    shop.run()
    return shop


def id_of(shop: Project, number: str) -> str:
    """Opaque id of SYSTEM:NUMBER."""
    system, _, written = number.partition(":")
    return dict(People.with_number(shop.folder, written))[system]


def pair(shop: Project, one: str, other: str) -> str:
    """The pair of two numbers as addresses say it."""
    return "-".join(sorted((id_of(shop, one), id_of(shop, other))))
