"""Secrets are masked in every spelling that HTTP and logs give them."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.transport import redaction
from crm_api.transport.redaction import MASK, Redactor

SECRETS = st.text("abcXYZ019+/=&%äß\"' \\\n", min_size=4, max_size=40).filter(str.strip)


@given(SECRETS, st.text("xyz \n", max_size=10))
def test_a_secret_is_masked_in_every_spelling(secret: str, around: str) -> None:
    redact = Redactor([secret])
    for spelling in (
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        urlencode({"key": secret}).removeprefix("key="),
        base64.b64encode(secret.encode()).decode(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    ):
        assert redact(f"{around}{spelling}{around}") == f"{around}{MASK}{around}"


PRINTABLE = st.characters(min_codepoint=32, max_codepoint=0x1F9FF, exclude_categories=["Cs", "Cc", "Cn", "Co"])
HARD = st.sampled_from("%&\\/\"'<>+= 0123456789abcdefABCDEFu#;x")
ANY_SECRETS = st.text(PRINTABLE | HARD, min_size=6, max_size=30).filter(lambda secret: len(secret.strip()) > 5)


def percent(char: str) -> str:
    return "".join(f"%{octet:02X}" for octet in char.encode())


def escape(char: str) -> str:
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


LETTERS = [
    str,
    percent,
    lambda char: percent(char).lower(),
    lambda char: percent(char).replace("%", "%25"),
    lambda char: percent(percent(char)),
    escape,
    lambda char: escape(char).upper().replace("U", "u"),
    lambda char: f"&#{ord(char)};",
    lambda char: f"&#x{ord(char):x};",
    lambda char: f"&#X{ord(char):04X};",
    html.escape,
    lambda char: f"&amp;#{ord(char)};",
    lambda char: char if char.isalnum() else f"\\{char}",
]
WHOLES = [
    lambda text: "".join(map(percent, text)),
    lambda text: percent(percent(text)),
    html.escape,
    lambda text: html.escape(html.escape(text)),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(json.dumps(text))[3:-3],
    lambda text: json.dumps(html.escape(text))[1:-1].replace("/", "\\/"),
    quote,
    lambda text: quote(quote(text)),
    lambda text: text.encode().hex().upper(),
]


@given(ANY_SECRETS, st.sampled_from(LETTERS), st.sampled_from(WHOLES))
def test_a_secret_of_any_letters_is_masked_however_it_is_spelled(secret, letter, whole):
    redact = Redactor([secret])
    for spelling in ("".join(map(letter, secret)), whole(secret)):
        assert redact(f"key <{spelling}> end") == f"key <{MASK}> end"


@given(ANY_SECRETS, st.data())
def test_a_secret_is_masked_if_each_letter_is_spelled_in_its_own_way(secret, data):
    ways = data.draw(st.lists(st.sampled_from(LETTERS), min_size=len(secret), max_size=len(secret)))
    spelling = "".join(way(char) for way, char in zip(ways, secret, strict=True))
    assert Redactor([secret])(f"key <{spelling}> end") == f"key <{MASK}> end"


@given(ANY_SECRETS, st.binary(max_size=7), st.binary(max_size=7), st.sampled_from([b"+/", b"-_"]), st.booleans())
def test_a_secret_is_masked_inside_base64(secret, before, after, alphabet, padded):
    text = base64.b64encode(before + secret.encode() + after, altchars=alphabet).decode()
    shown = Redactor([secret])(f"<{text if padded else text.rstrip('=')}>")
    assert MASK in shown
    kept_before, kept_after = shown[1:-1].split(MASK)
    assert len(kept_before) * 6 <= len(before) * 8
    assert len(kept_after.rstrip("=")) * 6 <= len(after) * 8 + 6


LONG = "k3y-Th4t/nobody+may=See9"
APART = {
    "upper case": LONG.upper(),
    "lower case": LONG.lower(),
    "percent-encoded upper case": quote(LONG.upper(), safe=""),
    "a line break": f"{LONG[:7]}\r\n  {LONG[7:]}",
    "an escaped line break": f"{LONG[:7]}\\n{LONG[7:]}",
    "tags": f'{LONG[:7]}</span><span class="x">{LONG[7:]}',
    "escaped tags": f"{LONG[:7]}&lt;wbr&gt;{LONG[7:]}",
    "tags as JSON": f"{LONG[:7]}\\u003cb\\u003e{LONG[7:]}",
    "CDATA": f"<![CDATA[{LONG[:7]}]]><![CDATA[{LONG[7:]}]]>",
    "an invisible blank": f"{LONG[:7]}&#8203;{LONG[7:]}",
    "a soft break": f"{LONG[:7]}=\r\n{LONG[7:]}",
    "a list of letters": json.dumps(list(LONG)),
    "a list of numbers": json.dumps(list(LONG.encode())),
    "hex with colons": LONG.encode().hex(":").upper(),
    "hex with 0x": ", ".join(f"0x{octet:02x}" for octet in LONG.encode()),
    "octal escapes": "".join(f"\\{octet:03o}" for octet in LONG.encode()),
    "escapes of JavaScript": "".join(f"%u{ord(char):04x}" for char in LONG),
    "UTF-16": LONG.encode("utf-16").decode("utf-8", "replace"),
    "UTF-32": LONG.encode("utf-32-be").decode("utf-8", "replace"),
    "base64 in lines": "\r\n".join(
        base64.b64encode(f"user:{LONG}".encode()).decode()[at : at + 9] for at in (0, 9, 18, 27, 36)
    ),
    "base64 of UTF-16": base64.b64encode(LONG.encode("utf-16-le")).decode(),
    "base64 twice": base64.b64encode(base64.b64encode(f"user:{LONG}".encode())).decode(),
}


@pytest.mark.parametrize("name", APART)
def test_the_letters_of_a_secret_are_found_in_either_case_whatever_stands_between(name):
    for secret in (LONG, f"user:{LONG}"):
        shown = Redactor([secret, LONG])(f"key <<{APART[name]}>> end")
        assert shown.startswith("key <<")
        assert shown.endswith(">> end")
        assert MASK in shown
        assert len(shown) < 40


def test_what_could_be_ordinary_text_is_masked_as_it_is_only():
    redact = Redactor(["pass", "20240501"])
    assert redact("Pass p ass 2024-05-01 20240501") == f"Pass p ass 2024-05-01 {MASK}"


def test_a_password_is_masked_as_a_url_spells_it_and_as_it_is():
    assert Redactor(["p%40ss%2Fword"])("p%40ss%2Fword p@ss/word") == f"{MASK} {MASK}"


def test_a_secret_of_digits_is_masked_as_a_number():
    assert Redactor(["12345678"]).value({"a": [12345678, 1]}) == {"a": [MASK, 1]}


@given(ANY_SECRETS, st.integers(0, 200), st.integers(0, 200), st.sampled_from(WHOLES))
def test_a_secret_that_straddles_the_cut_is_masked(secret, position, limit, whole):
    text = "." * position + whole(secret) + "." * 100
    assert Redactor([secret]).cut(text, limit) == ("." * position + MASK + "." * 100)[:limit]


def test_a_cut_looks_at_little_of_a_long_text():
    class Text(str):  # noqa: SLOT000 - a single one is made
        looked_at = 0

        def __getitem__(self, key):
            part = super().__getitem__(key)
            Text.looked_at += len(part)
            return part

    assert Redactor(["a-secret"]).cut(Text("x" * 10_000_000), 4000) == "x" * 4000
    assert Text.looked_at < 20_000


def test_a_cut_of_nothing_but_secrets_goes_on():
    assert Redactor(["a-secret"]).cut("a%2dsecret" * 10_000, 4000) == (MASK * 2000)[:4000]


@pytest.mark.parametrize(
    "text", ["%" * 3, "&#", "\\", "%25" * 3, "&amp;", "=3D", '\\"', "a%2dsec", "&#97;", "<a", "]]> ", "<![CDATA["]
)
def test_masking_takes_time_that_grows_with_the_text_alone(text):
    Redactor(["a-secret", "%%%%%%", "\\\\\\\\"])(text * 20_000)


def test_texts_and_names_of_a_value_are_masked():
    redact = Redactor(["a-secret"])
    assert redact.value({"a-secret": ["a%2Dsecret", 1, None, {"b": "x"}]}) == {MASK: [MASK, 1, None, {"b": "x"}]}


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert Redactor(["secret", "secret-and-more"])("secret-and-more secret") == f"{MASK} {MASK}"


@pytest.mark.parametrize("secrets", [[], [""], ["abc"]])
def test_what_is_no_secret_is_left_alone(secrets: list[str]) -> None:
    assert Redactor(secrets)("abc def") == "abc def"


def test_it_does_not_show_what_it_hides() -> None:
    assert "secret" not in repr(Redactor(["secret"]))


def test_a_secret_that_is_learnt_while_another_thread_makes_the_patterns_is_masked_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    redact = Redactor(["first-secret"])
    make = redaction.letters_pattern

    def learn_meanwhile(secret: str) -> Any:
        monkeypatch.setattr(redaction, "letters_pattern", make)
        redact.learn("second-secret")
        return make(secret)

    monkeypatch.setattr(redaction, "letters_pattern", learn_meanwhile)
    redact("a=b")
    assert redact("is =73econd-secret") == "is ***"
