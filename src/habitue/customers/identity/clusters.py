"""From pairs to persons, with a memory of contradictions: no chain through a weak record joins two who are not one.

Numbers linked by pairs are taken together unless two of them cannot be one person. Where two cannot, links are followed
from the strongest to the weakest and one that would put contrary numbers together is refused. A number (or a knot of
numbers) that contradicts neither of two contrary sides and could join both, about equally well, joins neither.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from habitue.customers.identity.candidates import Pairs, pairs_within
from habitue.customers.identity.comparison import contrary
from habitue.customers.identity.evidence import Floats
from habitue.customers.identity.numbers import Codes, Numbers
from habitue.customers.identity.settings import WEIGHTS, IdentitySettings
from habitue.customers.identity.similarity import Flags

LARGEST = 300
"""More numbers than that in one knot are not taken apart: nothing in it is joined but what was decided."""

FINE, CONTRARY_SIDES, BETWEEN_TWO, TOO_LARGE = 0, 1, 2, 3
"""What became of a link: followed (or free to be); refused, since the two sides hold contrary numbers; cut, since it
leads from a number that could join two sides; left, since the knot is too large."""


@dataclass(frozen=True)
class Links:
    """Links between numbers: `pairs` with their evidence in `bits`.

    `is_joined`: strong enough to be followed; the others are only weighed against those. `is_forced`: decided, followed
    whatever the evidence. `apart` are pairs decided to be two persons.
    """

    pairs: Pairs
    bits: Floats
    is_joined: Flags
    is_forced: Flags
    apart: Pairs


@dataclass(frozen=True)
class Clusters:
    """`labels` by number: the smallest place of the cluster; `fate` by link."""

    labels: Codes
    fate: Codes


def clusters(numbers: Numbers, links: Links, settings: IdentitySettings) -> Clusters:
    """Persons from links. Equal evidence is followed in the order of the numbers' opaque ids."""
    n, pairs = len(numbers), links.pairs
    fate = np.zeros(len(pairs), np.int64)
    joined = _components(n, pairs.where(links.is_joined))
    knots = _knots(n, pairs, joined, links.is_joined)
    sizes = np.bincount(knots, minlength=n) if n else np.zeros(0, np.int64)
    too_large = sizes[knots] > LARGEST if n else np.zeros(0, bool)
    inside = np.where(too_large | (sizes[knots] < 2), -1, knots) if n else knots
    looked = pairs_within(inside)
    against, _ = contrary(numbers, looked, settings)
    decided = _codes(links.apart, n)
    is_decided = np.isin(_codes(looked, n), decided)
    troubled = np.zeros(n, bool)
    troubled[knots[looked.left[against | is_decided]]] = True
    labels = joined.copy()
    in_trouble = troubled[knots] & ~too_large if n else too_large
    link_knot = knots[pairs.left]
    fate[too_large[pairs.left] & ~links.is_forced] = TOO_LARGE
    if too_large.any():
        kept = _components(n, pairs.where(links.is_forced))
        labels[too_large] = kept[too_large]
    if not in_trouble.any():
        return Clusters(labels, fate)
    members, edges, foes = defaultdict(list), defaultdict(list), defaultdict(list)
    for at in np.flatnonzero(in_trouble):
        members[knots[at]].append(int(at))
    chosen = np.flatnonzero(in_trouble[pairs.left] & (knots[pairs.left] == knots[pairs.right]))
    order = np.lexsort((pairs.right[chosen], pairs.left[chosen], -links.bits[chosen], ~links.is_forced[chosen]))
    for at in chosen[order]:
        edges[link_knot[at]].append(int(at))
    for at in np.flatnonzero(against | is_decided):
        foes[knots[looked.left[at]]].append((int(looked.left[at]), int(looked.right[at]), bool(is_decided[at])))
    for knot, numbers_in in members.items():
        untied = _Knot(numbers_in, edges[knot], links, foes[knot])
        untied.untie()
        for cluster in untied.clusters():
            labels[cluster] = min(cluster)
        for at, what in untied.fate.items():
            fate[at] = what
    return Clusters(labels, fate)


@dataclass
class _Knot:
    """A few numbers, some of them contrary, and the links between them, the strongest first."""

    members: list[int]
    edges: list[int]
    links: Links
    foe_pairs: list[tuple[int, int, bool]]
    fate: dict[int, int] = field(default_factory=dict)
    home: dict[int, int] = field(default_factory=dict)
    groups: dict[int, set[int]] = field(default_factory=dict)
    foes: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    decided: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for a, b, is_decided in self.foe_pairs:
            for one, other in ((a, b), (b, a)):
                self.foes[one].add(other)
                if is_decided:
                    self.decided[one].add(other)

    def untie(self) -> None:
        """Follow links, cutting off what could join two sides, until nothing more is to be cut."""
        cut: set[int] = set()
        while True:
            self._follow(cut)
            more = self._between_two(cut)
            if not more:
                break
            cut |= more
        self.fate.update(dict.fromkeys(cut, BETWEEN_TWO))

    def clusters(self) -> list[list[int]]:
        """The persons found."""
        return [sorted(group) for group in self.groups.values()]

    def _follow(self, cut: set[int]) -> None:
        self.home = {member: member for member in self.members}
        self.groups = {member: {member} for member in self.members}
        self.fate = {}
        for at in self.edges:
            if at in cut or not (self.links.is_joined[at] or self.links.is_forced[at]):
                continue
            a, b = (self.home[number] for number in self._ends(at))
            if a == b:
                continue
            against = self.decided if self.links.is_forced[at] else self.foes
            if self._clash(a, b, against):
                self.fate[at] = CONTRARY_SIDES
                continue
            keep, gone = (a, b) if len(self.groups[a]) >= len(self.groups[b]) else (b, a)
            for number in self.groups[gone]:
                self.home[number] = keep
            self.groups[keep] |= self.groups.pop(gone)

    def _between_two(self, cut: set[int]) -> set[int]:
        """Links to cut around the first piece that could as well belong to a contrary side; empty if there is none."""
        for at in self.edges:
            if at in cut or self.links.is_forced[at]:
                continue
            ends = self._ends(at)
            homes = [self.home[number] for number in ends]
            if homes[0] == homes[1] or not self._clash(homes[0], homes[1], self.foes):
                continue
            found: set[int] = set()
            for number, other in zip(ends, reversed(homes), strict=True):
                found |= self._cuts(number, other, float(self.links.bits[at]), cut)
            if found:
                return found | {at}
        return set()

    def _cuts(self, number: int, other: int, bits: float, cut: set[int]) -> set[int]:
        """Links that hold the piece around a number in its cluster, if it may as well join the cluster `other`."""
        side = self.groups[other]
        if self.foes[number] & side:
            return set()
        own = self.groups[self.home[number]]
        free = {member for member in own if not self.foes[member] & side}
        inner = [at for at in self.edges if at not in cut and self._is_inside(at, own)]
        piece, grown = {number}, True
        while grown:
            near = {end for at in inner for end in self._ends(at) if set(self._ends(at)) & piece} & free
            grown = not near <= piece
            piece |= near
        holding = [at for at in inner if len(set(self._ends(at)) & piece) == 1]
        if not holding or any(self.links.is_forced[at] for at in holding):
            return set()
        strongest = max(float(self.links.bits[at]) for at in holding)
        return set(holding) if strongest - bits < WEIGHTS.ambiguity else set()

    def _is_inside(self, at: int, group: set[int]) -> bool:
        is_followed = self.links.is_joined[at] or self.links.is_forced[at]
        return bool(is_followed) and all(number in group for number in self._ends(at))

    def _ends(self, at: int) -> tuple[int, int]:
        return int(self.links.pairs.left[at]), int(self.links.pairs.right[at])

    def _clash(self, a: int, b: int, foes: defaultdict[int, set[int]]) -> bool:
        small, large = sorted((self.groups[a], self.groups[b]), key=len)
        return any(foes[member] & large for member in small if member in foes)


def _knots(n: int, pairs: Pairs, joined: Codes, is_joined: Flags) -> Codes:
    """Numbers that any link connects, directly or not; where that is too many, those that followed links connect."""
    wide = _components(n, pairs)
    if not n:
        return wide
    sizes = np.bincount(wide, minlength=n)
    has_link = np.zeros(n, bool)
    has_link[wide[pairs.left[is_joined]]] = True
    return np.where((sizes[wide] > LARGEST) | ~has_link[wide], joined, wide)


def _components(n: int, pairs: Pairs) -> Codes:
    """Of each place the smallest one it is connected with."""
    if not n:
        return np.zeros(0, np.int64)
    graph = coo_matrix((np.ones(len(pairs), np.int8), (pairs.left, pairs.right)), shape=(n, n))
    count, component = connected_components(graph, directed=False)
    smallest = np.full(count, n, np.int64)
    np.minimum.at(smallest, component, np.arange(n))
    return smallest[component]


def _codes(pairs: Pairs, n: int) -> Codes:
    return pairs.left * n + pairs.right
