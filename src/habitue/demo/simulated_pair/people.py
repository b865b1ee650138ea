"""Invented people in their households: names, birth dates, addresses, e-mail addresses and telephone numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from habitue.customers.normal_forms.texts import plain
from habitue.demo.simulated_pair.names import by_rank, first_names, last_names

DOMAINS = (
    "poste.example",
    "orangine.example",
    "gratuit.example",
    "mel.example",
    "lune.example",
    "example.com",
    "example.org",
)
DOMAIN_SHARES = (0.45, 0.2, 0.12, 0.1, 0.07, 0.04, 0.02)
_KINDS = "rue avenue boulevard place chemin allée impasse route"
_NAMES = """
de l'Église|de la Gare|des Écoles|du Moulin|Victor-Hugo|Pasteur|du Château|de la Mairie|Jean-Jaurès|
de Verdun|des Lilas|du Stade|de la Fontaine|des Acacias|du Général-Leclerc|de la Paix|Foch|
Saint-Michel|du Lavoir|des Tilleuls|de la République|Émile-Zola|du 8-Mai-1945|des Vignes|du Pont|
de Bretagne|du Lac|Sainte-Anne|des Jardins|de la Liberté|Molière|du Marché|des Champs|du Puits|
de la Croix|Voltaire|des Peupliers|Ampère|du Maréchal-Joffre|des Roses
"""
STREETS = (_KINDS.split(), _NAMES.replace("\n", "").split("|"))
TOWNS = 2500


@dataclass
class Person:
    """One person, with what is true of it now and what was true before a move or a marriage (`old_*`)."""

    person_id: int
    household_id: int
    sex: str
    first: str
    last: str
    birth_date: date
    place: tuple[str, str, str]
    email: str | None
    mobile: str | None
    landline: str | None
    old_last: str | None = None
    old_place: tuple[str, str, str] | None = None
    old_email: str | None = None
    old_mobile: str | None = None


@dataclass
class Maker:
    """Draws households one after another."""

    rng: Random
    taken: set[str] = field(default_factory=set)
    given: list[str] = field(default_factory=list)
    used_mails: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.firsts, self.lasts = first_names(), last_names(self.rng)
        names = self.lasts.texts
        self.towns = by_rank([f"{names[200 + at]}-sur-{names[3000 + at]}" for at in range(TOWNS)], shift=20, slope=0.9)

    def household(self, household_id: int, first_id: int) -> list[Person]:
        """One household: a person alone, a couple, with grown children or not, three generations of a name at times."""
        rng = self.rng
        last, place = self._last(), self._place()
        landline = self._number(("1", "2", "3", "4", "5")) if rng.random() < 0.5 else None
        year = rng.randrange(1940, 2000)
        adults: list[tuple[str, int, str]] = [(rng.choice("mf"), year, last)]
        if rng.random() < 0.62:
            other = "f" if adults[0][0] == "m" else "m"
            shares_name = rng.random() < 0.75
            adults.append((other, year + rng.randint(-6, 6), last if shares_name else self._last()))
        if len(adults) > 1 and year < 1978:
            adults += [
                (rng.choice("mf"), min(year + rng.randint(22, 35), 2007), last)
                for _ in range(rng.choices((0, 1, 2), (0.55, 0.3, 0.15))[0])
            ]
        people: list[Person] = []
        for sex, born, name in adults:
            people.append(self._person(first_id + len(people), household_id, sex, born, name, place, landline, people))
        return people

    def _person(
        self, number: int, household: int, sex: str, born: int, last: str, place: tuple[str, str, str],
        landline: str | None, family: list[Person],
    ) -> Person:  # fmt: skip
        rng = self.rng
        pool = self.firsts[sex, born < 1970]
        first = pool.texts[pool.draw(rng)]
        parent = next((one for one in family if one.sex == sex and one.birth_date.year < born - 15), None)
        if parent is not None and rng.random() < 0.03:  # father and son of one name
            first = parent.first
        elif any(one.first == first and one.last == last for one in family):
            first = pool.texts[(pool.texts.index(first) + 1) % len(pool.texts)]
        day = date(born, 1, 1) + timedelta(days=rng.randrange(365))
        partner = family[0] if len(family) == 1 else None
        mail = self._mail(first, last, day) if rng.random() < 0.93 else None
        if partner is not None and rng.random() < 0.07:  # one mailbox for both
            mail = partner.email
        mobile = self._number(("6", "7")) if rng.random() < 0.92 else None
        if partner is not None and rng.random() < 0.04:
            mobile = partner.mobile
        person = Person(number, household, sex, first, last, day, place, mail, mobile, landline)
        if rng.random() < 0.16:
            person.old_place = self._place()
        if sex == "f" and rng.random() < 0.06:
            person.old_last = self._last()
        if mail is not None and rng.random() < 0.22:
            person.old_email = self._mail(first, person.old_last or last, day)
        if mobile is not None and rng.random() < 0.14:
            person.old_mobile = self._number(("6", "7"))
        return person

    def _last(self) -> str:
        one = self.lasts.texts[self.lasts.draw(self.rng)]
        if self.rng.random() < 0.02:
            return f"{one}-{self.lasts.texts[self.lasts.draw(self.rng)]}"
        particle = self.rng.choice(("de", "Le", "La"))
        return f"{particle} {one}" if self.rng.random() < 0.02 else one

    def _place(self) -> tuple[str, str, str]:
        town = self.towns.draw(self.rng)
        kind, name = (self.rng.choice(texts) for texts in STREETS)
        number = min(1 + int(self.rng.expovariate(0.03)), 200)
        end = self.rng.choices(("", " bis", " ter"), (0.95, 0.04, 0.01))[0]
        return f"{number}{end} {kind} {name}", f"{(town * 37 + 1000) % 95000 + 1000:05d}", self.towns.texts[town]

    def _mail(self, first: str, last: str, day: date) -> str:
        rng = self.rng
        a, b = (plain(name).replace(" ", "").replace("'", "") for name in (first, last))
        shape = rng.randrange(6)
        local = (f"{a}.{b}", f"{a}{b}", f"{a[0]}.{b}", f"{b}.{a}", f"{a}{day.year % 100:02d}", f"{a[:3]}{b[:5]}")[shape]
        domain = rng.choices(DOMAINS, DOMAIN_SHARES)[0]
        while f"{local}@{domain}" in self.used_mails:
            local += str(rng.randrange(100))
        self.used_mails.add(f"{local}@{domain}")
        return f"{local}@{domain}"

    def _number(self, leads: tuple[str, ...]) -> str:
        """A number nobody else here has; one in two hundred is given out a second time."""
        rng = self.rng
        if rng.random() < 0.005 and self.given:
            again = rng.choice(self.given)
            if again[1] in leads:
                return again
        while True:
            number = f"0{rng.choice(leads)}{rng.randrange(10, 80)}{rng.randrange(10**6):06d}"
            if number not in self.taken:
                self.taken.add(number)
                self.given.append(number)
                return number
