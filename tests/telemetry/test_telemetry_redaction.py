"""Which names and texts carry secrets."""

from __future__ import annotations

import pytest

from otelwod.telemetry.redaction import MASK, is_secret, redact_attributes, redact_text

SECRET = """password Passwd PWD db.password user_password passwordHash passphrase secret client-secret token
authToken access_tokens key keys API_KEYS apiKey apikey X-Api-Key ssh_key sshkey private_key Cookie set-cookie
Authorization proxy-authorization credentials"""
HARMLESS = "keyboard monkey turkey hotkey tokenizer tokenize pwdless_x author keynote user name rows"


@pytest.mark.parametrize("name", SECRET.split())
def test_secret_names(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", HARMLESS.split())
def test_harmless_names(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("postgres://ann:pw@host/db", f"postgres://{MASK}@host/db"),
        ("GET /x?token=abc&page=2", f"GET /x?token={MASK}&page=2"),
        ('{"password": "a b", "n": 1}', f'{{"password": {MASK}, "n": 1}}'),
        ("login(password='x', retry=True)", f"login(password={MASK}, retry=True)"),
        ("sent Bearer abcdef123 to it", f"sent Bearer {MASK} to it"),
        ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.sig end", f"jwt {MASK} end"),
        ("id AKIAIOSFODNN7EXAMPLE", f"id {MASK}"),
        ("sort(key=len)", "sort(key=len)"),
        ("12:30 = noon", "12:30 = noon"),
        ("nothing", "nothing"),
    ],
)
def test_texts(text: str, clean: str) -> None:
    assert redact_text(text) == clean
    assert redact_text(clean) == clean


def test_nothing_of_a_header_is_left() -> None:
    assert "abcdefgh" not in redact_text("Authorization: Bearer abcdefgh")
    assert "dXNlcjpwdw" not in redact_text("authorization=Basic dXNlcjpwdw==")


def test_attributes() -> None:
    given = {"password": "x", "n": 1, "url": "http://u:p@h", "args": ["token=1", "b"], "ids": (1, 2), "keys": [1]}
    assert redact_attributes(given) == {
        "password": MASK,
        "n": 1,
        "url": f"http://{MASK}@h",
        "args": (f"token={MASK}", "b"),
        "ids": (1, 2),
        "keys": MASK,
    }


@pytest.mark.parametrize(
    "text",
    ["a.a." * 20_000, "password" * 9_000, "eyJ" * 20_000, "x://" * 20_000, "_key" * 20_000, "bearer " * 10_000],
)
def test_long_texts_are_read_in_bounded_work(text: str) -> None:
    """Every pattern is bounded: none of these may take a time that grows with the square of the length."""
    assert len(redact_text(text)) <= len(text) + len(MASK) * len(text)
