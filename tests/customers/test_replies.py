"""STOP and START as people write them (K04), and sentences that only speak of stopping."""

from __future__ import annotations

import pytest

from habitue.customers.replies import meaning


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", "Stop svp", "STOP S'IL VOUS PLAÎT", "stop merci", "STOP STOP", "STOP 36180",
        "stop pub", "Arrêt", "ARRETEZ SVP", "désabonnement", "me désabonner svp", "désinscription", "Unsubscribe",
        "QUIT", "please stop", "cancel", "end", "revoke", "opt out", "optout", "СТОП", "стоп пожалуйста", "Отписка",
        "отписаться от рассылки", "отмена",
    ],
)  # fmt: skip
def test_stop(text: str) -> None:
    assert meaning(text) == "opted_out"


@pytest.mark.parametrize("text", ["START", "start svp", "Restart", "UNSTOP", "СТАРТ", "reprise"])
def test_start(text: str) -> None:
    assert meaning(text) == "restarted"


@pytest.mark.parametrize(
    "text",
    [
        "c'est quoi le stop de bus ?", "where is the bus stop", "Stop or start?", "this never ends, stop writing to me",
        "ne m'envoyez plus rien", "plus de SMS merci", "no more texts", "больше не пишите", "не надо", "leave me alone",
        "hors de question de m'arrêter au stop",
    ],
)  # fmt: skip
def test_unclear(text: str) -> None:
    assert meaning(text) == "unclear"


@pytest.mark.parametrize(
    "text", ["", "merci", "ok", "Bonjour, à quelle heure ouvrez-vous ?", "36180", "спасибо", "..."]
)
def test_nothing_of_the_kind(text: str) -> None:
    assert meaning(text) == "replied"
