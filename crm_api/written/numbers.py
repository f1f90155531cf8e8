"""Numbers as people and exports write them: with a currency, with marks between thousands, in percent (pure).

Only what has one meaning is read. ``1,234`` alone may be a thousand or a fraction, and so may ``1.234 €``; behind a
dollar, pound, yen or rupee the comma stands between thousands, and money has no three decimals.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV
    WST XAF XCD XOF XPF YER ZAR ZMW ZWL
"""
_CURRENCIES = frozenset(_CODES.split())
"""ISO 4217."""
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "₩": "KRW",
    "₪": "ILS",
    "₫": "VND",
    "US$": "USD",
    "R$": "BRL",
    "A$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "MX$": "MXN",
    "₱": "PHP",
    "฿": "THB",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
}
"""Signs of one currency."""
_CROWNS, _RUPEES = frozenset({"SEK", "NOK", "DKK", "ISK"}), frozenset({"INR", "PKR", "LKR", "NPR", "MUR", "SCR", "IDR"})
_DOLLARS = (
    "USD AUD CAD NZD HKD SGD TWD MXN ARS CLP COP BRL UYU BBD BSD BZD BMD BND FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD"
)
_SHARED_SIGNS = {
    "$": frozenset((*_DOLLARS.split(), "CUP", "CVE", "DOP", "NIO")),
    "¥": frozenset({"JPY", "CNY"}),
    "kr": _CROWNS,
    "kr.": _CROWNS,
    "Fr.": frozenset({"CHF", "XAF", "XOF", "XPF"}),
    "Rs": _RUPEES,
    "Rs.": _RUPEES,
    "lei": frozenset({"RON", "MDL"}),
}
"""Signs that several currencies share."""
_COMMA_CODES = "AUD CAD CNY GBP HKD ILS INR JPY KRW MXN NZD PHP SGD THB USD"
_COMMA_BETWEEN_THOUSANDS = frozenset(_COMMA_CODES.split())
_MINUS = frozenset({"-", "\N{MINUS SIGN}"})
_AROUND = r"[^\d\s().,'\N{RIGHT SINGLE QUOTATION MARK}+\N{MINUS SIGN}-]{1,3}\.?"
_WRITTEN = re.compile(
    rf"(?P<opened>\()?(?P<sign>[-+\N{{MINUS SIGN}}])?\s*(?P<before>{_AROUND})?\s*(?P<inner>[-+\N{{MINUS SIGN}}])?"
    rf"(?P<body>[0-9](?:[0-9.,'\N{{RIGHT SINGLE QUOTATION MARK}}\s]*[0-9])?)\s*(?P<after>{_AROUND})?(?P<closed>\))?"
)
_GROUPED = re.compile(r"[0-9]{1,3}([^0-9])[0-9]{3}(?:\1[0-9]{3})*|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
_PERCENT = "%"
_WRONG = "must be a number such as 1234.5"
_UNCLEAR = (
    "may mean two numbers: its mark may stand between thousands or before a fraction. Write it as 1234 or as 1.234"
)


class WrittenNumber(NamedTuple):
    """A number that was written.

    Attributes:
        number: The number.
        currency: Its currency (ISO 4217); empty if it is not said, or not said clearly.
        may_be: The currencies that share its sign; none if it has no sign, or one of one currency.
    """

    number: Decimal
    currency: str = ""
    may_be: frozenset[str] = frozenset()


def read_written(text: str, *, is_whole: bool = False, is_percent: bool = False) -> WrittenNumber:
    """Read a number from text that is none to a machine.

    Args:
        text: The text.
        is_whole: Whether the number cannot have a fraction, so that a comma before three digits has one meaning.
        is_percent: Whether it may be written as a percentage.

    Raises:
        ValueError: It is no number, or may mean two; the text follows an attribute's name.
    """
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    if found is None or bool(found["opened"]) != bool(found["closed"]):
        raise ValueError(_WRONG)
    signs = [sign for sign in (found["opened"], found["sign"], found["inner"]) if sign]
    units = [unit for unit in (found["before"], found["after"]) if unit]
    if len(signs) > 1 or len(units) > 1 or not _is_unit(found["before"], found["after"], is_percent=is_percent):
        raise ValueError(_WRONG)
    unit = units[0] if units else ""
    number = _number(found["body"], unit, is_whole=is_whole)
    is_negative = bool(signs) and (signs[0] in _MINUS or signs[0] == "(")
    return WrittenNumber(-number if is_negative else number, _currency(unit), _SHARED_SIGNS.get(unit, frozenset()))


def _is_unit(before: str | None, after: str | None, *, is_percent: bool) -> bool:
    unit = before or after or ""
    if unit == _PERCENT:
        return is_percent and after == _PERCENT
    is_sign = unit[-1:] != "" and unicodedata.category(unit[-1]) == "Sc" and unit[:-1].isalpha() | (len(unit) == 1)
    return not unit or is_sign or unit.upper() in _CURRENCIES or unit in _SIGNS or unit in _SHARED_SIGNS


def _currency(unit: str) -> str:
    return unit.upper() if unit.upper() in _CURRENCIES else _SIGNS.get(unit, "")


def _number(body: str, unit: str, *, is_whole: bool) -> Decimal:
    """Read digits with marks between them."""
    marks = [each for each in body if not each.isdecimal()]
    last = marks[-1] if marks else ""
    fraction = body.rpartition(last)[2] if last else ""
    if len(set(marks)) > 1:
        whole = body[: -len(fraction) - 1]
        if last not in {".", ","} or marks.count(last) > 1 or not _GROUPED.fullmatch(whole):
            raise ValueError(_WRONG)
        return Decimal(f"{_digits(whole)}.{fraction}")
    if len(marks) > 1 or last not in {".", ",", ""}:
        if not _GROUPED.fullmatch(body):
            raise ValueError(_WRONG)
        return Decimal(_digits(body))
    if _GROUPED.fullmatch(body) and not body.startswith("0"):  # one mark, and three digits behind it
        if last == "," and (is_whole or _currency(unit) in _COMMA_BETWEEN_THOUSANDS or unit[-1:] in {"$", "¥"}):
            return Decimal(_digits(body))
        if last == "," or unit not in {"", _PERCENT}:
            raise ValueError(_UNCLEAR)
    return Decimal(body.replace(",", "."))


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdecimal())
