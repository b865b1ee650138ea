"""A small shop with people who can be found again: a card base, tills in two exports, a web shop keyed by customer.

Every value of Zebulon Quagmire is his alone. He has card ZQ-778811 (tickets 1, 4 and 7 of the tills: 10.00 + 30.00 +
0.50) and buys twice on the web (5.00 and 5.00 on one day, each line as somebody without a number buys it, too).
"""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from habitue.cli import app
from support.contents import content

SETTINGS = """
[project]
time_zone = "Europe/Paris"
[engine]
threads = 2
memory = "1GB"
[sources.cards]
kind = "customers"
files = "cards*.csv"
customer_system = "crm"
[sources.cards.columns]
source_customer_id = "card"
first_name = "first"
last_name = "last"
email = "mail"
phone = "tel"
address = "street"
postcode = "zip"
city = "town"
birth_date = "born"
enrolled_on = "since"
note = "remark"
[sources.till]
kind = "transactions"
tax = "excluded"
files = "till*.csv"
customer_system = "crm"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "date"
source_customer_id = "card"
net_amount = "amount"
store_id = "shop"
[sources.web]
kind = "transactions"
tax = "excluded"
files = "web*.csv"
customer_system = "crm"
transaction_key = ["sold_on", "source_customer_id"]
[sources.web.columns]
sold_at = "date"
source_customer_id = "buyer"
net_amount = "amount"
"""
HEAD = "card,first,last,mail,tel,street,zip,town,born,since,remark\n"
ZEBULON = (
    "ZQ-778811,Zébulon,Quagmire,Zebulon.Quagmire@Example.com,06 99 88 77 66,17 impasse des Lilas,QZ97133,Gustavia,"
    "23/11/1971,31/12/2019,diabetic\n"
)
PHILIPPA = "PV-100200,Philippa,Vanterpool,philippa@example.org,0711223344,2 rue Haute,QZ97150,Marigot,05/10/1969,,\n"
WALDO = "WX-300400,Waldo,Xanthakis,,,,,,,31/01/2020,\n"
CARDS = HEAD + ZEBULON + PHILIPPA + WALDO
TILL = """ticket,date,card,amount,shop
1,2024-01-10,ZQ-778811,10.00,S1
2,2024-01-31,PV-100200,20.00,S1
3,2024-02-01,,7.00,S2
4,2024-02-02,ZQ-778811,30.00,S2
"""
TILL_LATER = """ticket,date,card,amount,shop
4,2024-02-02,ZQ-778811,30.00,S2
5,2024-03-01,WX-300400,4.00,S1
6,2024-03-02,PV-100200,2.00,S1
7,2024-03-03,ZQ-778811,0.50,S1
"""
WEB = """date,buyer,amount
2024-01-10,ZQ-778811,5.00
2024-01-10,ZQ-778811,5.00
2024-01-10,,5.00
2024-01-10,,5.00
2024-01-11,PV-100200,8.00
"""
CONSENT_SETTINGS = """
[sources.said]
kind = "consents"
files = "said*.csv"
customer_system = "crm"
[sources.said.columns]
source_customer_id = "card"
email = "mail"
phone = "tel"
contact_channel = "way"
status = "says"
captured_at = "day"
proof_reference = "proof"
[sources.router]
kind = "delivery_events"
files = "router.csv"
[sources.router.columns]
email = "recipient"
event = "what"
happened_at = "day"
detail = "text"
[sources.router.values]
contact_channel = "email"
[sources.operator]
kind = "delivery_events"
files = "operator.csv"
[sources.operator.columns]
phone = "from"
happened_at = "day"
detail = "text"
[sources.operator.values]
contact_channel = "sms"
event = "replied"
"""
SAID_HEAD = "card,mail,tel,way,says,day,proof\n"
SAID = (
    SAID_HEAD
    + """ZQ-778811,zeb.second@example.net,,email,yes,2024-01-05,recording 4711 of Zebulon
,zebulon.quagmire@example.com,,email,yes,2024-01-06,form Q-9 by Quagmire
,,06 99 88 77 66,sms,no,,letter of Zebulon
PV-100200,,,email,yes,2024-01-05,form P-1
WX-300400,,,,objection,2024-02-01,letter X-2
"""
)
ROUTER = """recipient,what,day,text
zebulon.quagmire@example.com,bounce,2024-02-01,452 4.2.2 mailbox of Zebulon full
zeb.second@example.net,opened,2024-02-02,
ZEBULON.QUAGMIRE+news@example.com,unsubscribe,2024-02-03,too many letters for Zebulon
zebulon.quagmire@example.com,address_changed,2024-02-04,zebulon.third@example.net
philippa@example.org,opened,2024-02-02,
"""
OPERATOR = """from,day,text
+33699887766,2024-02-05,Stop svp
"""
CONSENT_FILES = {"said.csv": SAID, "router.csv": ROUTER, "operator.csv": OPERATOR}
HIS_ADDRESSES = (
    ("email", "zebulon.quagmire@example.com"), ("email", "zeb.second@example.net"),
    ("email", "zebulon.third@example.net"), ("phone", "+33699887766"),
)  # fmt: skip
"""Normal forms of the addresses that the customer, consent and delivery files tell of together."""

FILES = {"habitue.toml": SETTINGS, "cards.csv": CARDS, "till_2024-02-10.csv": TILL, "till_2024-03-10.csv": TILL_LATER,
         "web.csv": WEB}  # fmt: skip
ALL_SALES = 10.00 + 20.00 + 7.00 + 30.00 + 4.00 + 2.00 + 0.50 + 5.00 * 4 + 8.00

NEEDLES = (
    "ZQ-7788", "Zébulon", "Zebulon", "Quagmire", "06 99 88 77 66", "0699887766", "+33699887766", "699887766",
    "impasse des Lilas", "QZ97133", "Gustavia", "23/11/1971", "1971-11-23", "diabetic",
    "zeb.second", "zebulon.third", "recording 4711", "form Q-9", "letter of Z",
)  # fmt: skip
"""Zebulon's values as written and in their normal forms."""


def write(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def write_consents(folder: Path) -> Path:
    """The shop with what people allowed and refused, and what came back."""
    write(folder)
    (folder / "habitue.toml").write_text(SETTINGS + CONSENT_SETTINGS, "utf-8")
    for name, text in CONSENT_FILES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def own_files(folder: Path) -> set[Path]:
    """The project's input."""
    return {path for path in folder.iterdir() if path.suffix in (".csv", ".toml")}


def leaks(folder: Path) -> dict[str, list[str]]:
    """Files of the workspace that have a value of Zebulon's, and which."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in own_files(folder):
            text = content(path).casefold()
            if met := [needle for needle in NEEDLES if needle.casefold() in text]:
                found[str(path.relative_to(folder))] = met
    return found


def command(folder: Path, *words: str, language: str = "en", code: int = 0, typed: str | None = None) -> str:
    done = CliRunner().invoke(app, ["--lang", language, words[0], "-p", str(folder), *words[1:]], input=typed)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output
