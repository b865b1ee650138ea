"""Names as common and as rare as in a French customer base; nobody bears them, they are put together at random.

First names by sex and age, last names from a short list of common ones and a long tail of made-up ones. Frequencies
follow laws of the form 1 / (rank + a) ** b: the commonest last name has 0.34 % of the persons, as Martin has in France
to a rough approximation; two thirds bear one outside the thousand commonest.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

_OLD_MEN_TEXT = """
Jean Michel Pierre André Philippe Alain Bernard Jacques Daniel Gérard Patrick Christian Claude Robert Roger Marcel
René Henri Georges Louis Paul François Dominique Serge Gilles Yves Guy Raymond Maurice Joseph Didier Jean-Pierre
Jean-Claude Jean-Paul Jean-Marc Jean-Luc Jean-Louis Jean-François Jean-Michel Jean-Jacques Thierry Pascal Éric Denis
Hervé Lucien Roland Francis Marc Charles Bruno Albert Fernand Émile Gilbert Joël Rémy Jean-Marie Gabriel Léon
Antoine Victor Étienne Edmond Norbert Régis Hubert Lionel Armand Gaston
"""
OLD_MEN = _OLD_MEN_TEXT.split()
_OLD_WOMEN_TEXT = """
Marie Monique Françoise Jacqueline Catherine Nicole Christine Sylvie Jeanne Martine Denise Michèle Anne Chantal
Brigitte Isabelle Madeleine Yvette Danielle Simone Odette Suzanne Annie Colette Paulette Yvonne Marguerite Josette
Évelyne Dominique Claudine Andrée Germaine Ginette Hélène Véronique Patricia Corinne Marie-Claude Marie-Thérèse
Marie-France Marie-Christine Marie-Hélène Anne-Marie Geneviève Thérèse Lucienne Éliane Liliane Huguette Renée
Bernadette Mireille Régine Agnès Élisabeth Nadine Béatrice Pascale Joëlle Gisèle Arlette Raymonde Maryse Annick
Solange Cécile Rolande Viviane Fernande
"""
OLD_WOMEN = _OLD_WOMEN_TEXT.split()
_YOUNG_MEN_TEXT = """
Nicolas Julien Thomas Kevin Alexandre Maxime Guillaume Romain Sébastien Anthony Jérémy Mathieu Antoine Florian
Clément Quentin Benjamin Vincent Lucas Hugo Théo Enzo Louis Nathan Arthur Jules Gabriel Léo Raphaël Adam Paul Victor
Baptiste Valentin Adrien Damien Jonathan Cédric David Christophe Laurent Frédéric Stéphane Olivier Arnaud Fabien
Ludovic Mickaël Yann Loïc Samuel Simon Alexis Corentin Dylan Jordan Axel Tom Noah Ethan Mohamed Karim Mehdi Yanis
Rayan Bastien Rémi Tristan Gaëtan Marius
"""
YOUNG_MEN = _YOUNG_MEN_TEXT.split()
_YOUNG_WOMEN_TEXT = """
Marie Julie Camille Laura Sarah Manon Léa Chloé Emma Pauline Marine Mathilde Céline Aurélie Émilie Élodie Audrey
Mélanie Stéphanie Virginie Sandrine Delphine Nathalie Sophie Caroline Charlotte Lucie Justine Anaïs Amandine Jessica
Jennifer Claire Alice Jade Louise Inès Lola Zoé Juliette Margaux Clara Eva Ambre Lina Mila Rose Anna Morgane Océane
Fanny Laetitia Vanessa Sabrina Karine Valérie Alexandra Élise Gaëlle Noémie Coralie Marion Solène Fatima Leïla
Yasmine Myriam Clémence Agathe Maëlys
"""
YOUNG_WOMEN = _YOUNG_WOMEN_TEXT.split()
_COMMON_TEXT = """
Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David
Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefevre Faure Andre Mercier
Blanc Guerin Boyer Garnier Chevalier Francois Legrand Gauthier Garcia Perrin Robin Clement Morin Nicolas Henry
Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noel Meyer Dufour Meunier Brun Blanchard
Giraud Joly Riviere Lucas Brunet Gaillard Barbier Arnaud Martinez Gerard Roche Renard Schmitt Roy Leroux Colin Vidal
Caron Picard Roger Fabre Aubert Lemoine Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoit Rey Leclerc
Payet Rolland Leclercq Guillaume Lecomte
"""
COMMON = _COMMON_TEXT.split()
_ONSETS_TEXT = """
Ba Be Bo Bou Bra Bre Bro Ca Cha Che Cho Cla Co Cor Cou Cra Da De Del Des Do Dou Dra Du Fa Fe Fla Fo Fou Fra Ga Gai
Gau Ge Gi Go Gou Gra Gre Gui Ha He Ho Hu Ja Jo Ju La Lan Lau Le Lo Lou Ma Mai Mar Me Mo Mon Mou Na Ne No Pa Pe Per
Pi Po Pou Pra Pri Qua Ra Re Ri Ro Rou Sa Sau Se Si So Ta Te Ti To Tou Tra Va Ve Vi Vo
"""
_ONSETS = _ONSETS_TEXT.split()
_MIDDLES_TEXT = """
b bi ch cha d da det f g gna l la le li ll m ma mo n na ni nt p pi r ra ri ro rr s sa ss t ti tt v va vi z
"""
_MIDDLES = ["", *_MIDDLES_TEXT.split()]
_ENDINGS_TEXT = """
ac aud ault ard at e eau el elle er et ette eul ez ier ière ieux il in ine is oire ois on onnet ot ou oud oux u uel
uet ugue y
"""
_ENDINGS = _ENDINGS_TEXT.split()


@dataclass(frozen=True)
class Drawn:
    """Texts with the cumulated share of each."""

    texts: tuple[str, ...]
    cumulated: tuple[float, ...]

    def draw(self, rng: Random) -> int:
        """The place of a text drawn by its frequency."""
        return min(bisect(self.cumulated, rng.random()), len(self.texts) - 1)


def by_rank(texts: Sequence[str], *, shift: float, slope: float) -> Drawn:
    """Texts in order of rank, each with the share 1 / (rank + shift) ** slope."""
    weights = [1 / (rank + shift) ** slope for rank in range(1, len(texts) + 1)]
    total = sum(weights)
    return Drawn(tuple(texts), tuple(share / total for share in accumulate(weights)))


def last_names(rng: Random) -> Drawn:
    """About 100,000 last names: the common ones, then made-up ones in a random order."""
    made = {f"{onset}{middle}{ending}" for onset in _ONSETS for middle in _MIDDLES for ending in _ENDINGS}
    rest = sorted(made - set(COMMON))
    rng.shuffle(rest)
    return by_rank([*COMMON, *rest], shift=15, slope=0.85)


def first_names() -> dict[tuple[str, bool], Drawn]:
    """First names by sex (m, f) and whether born before 1970."""
    lists = {("m", True): OLD_MEN, ("f", True): OLD_WOMEN, ("m", False): YOUNG_MEN, ("f", False): YOUNG_WOMEN}
    return {key: by_rank(texts, shift=8, slope=0.8) for key, texts in lists.items()}
