"""Minor units of currencies: cents, or the exceptions of ISO 4217."""

from __future__ import annotations

_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"

USUAL_MINOR_UNIT = 2
"""Decimals of every currency that is not an exception."""

MINOR_UNIT_EXCEPTIONS = {**dict.fromkeys(_WITHOUT_DECIMALS.split(), 0), **dict.fromkeys(_WITH_THREE.split(), 3)}
"""Currencies whose minor unit is not the hundredth (ISO 4217, list one; units of account left out)."""


def minor_unit(currency: str) -> int:
    """Decimals of a currency: 2, or the exception of ISO 4217 (JPY 0, KWD 3)."""
    return MINOR_UNIT_EXCEPTIONS.get(currency, USUAL_MINOR_UNIT)
