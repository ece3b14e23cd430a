"""Which names and texts carry secrets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelwod.telemetry import redaction
from otelwod.telemetry.redaction import (
    MASK,
    is_secret,
    redact_attributes,
    redact_bytes,
    redact_text,
    secret_items,
)

SECRET = """password Passwd PWD db.password user_password passwordHash passphrase secret client-secret token
authToken access_tokens key keys API_KEYS apiKey apikey X-Api-Key ssh_key sshkey private_key Cookie set-cookie
Authorization proxy-authorization credentials auth http_auth basicAuth auth0 oauth oauth2 bearer jwt jwt_id user_pw _pw
pw passcode pincode creds cred dsn SENTRY_DSN otp totp db_pass DB_PASS smtpPass sessionid JSESSIONID PHPSESSID"""
HARMLESS = """keyboard monkey turkey hotkey tokenizer tokenize pwdless_x author keynote user name rows
pass passes first_pass bypass
pinned pin spin session workout_session session.id otelwod.session.id auth_type otp_version authority sacred powder"""


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
        ("Authorization: Token SECRET1", f"Authorization: {MASK}"),
        ("Authorization: Basic a", f"Authorization: {MASK}"),
        ('Proxy-Authorization: Digest username="u", response="S"', f"Proxy-Authorization: {MASK}"),
        ("Cookie: a=S; sid=SECRET5", f"Cookie: {MASK}"),
        ("password=SEC,RET", f"password={MASK}"),
        ("login(password=x, n=1)", f"login(password={MASK}, n=1)"),
        ('password: "SEC\\"RET" end', f"password: {MASK} end"),
        ('password = """a"b""" end', f"password = {MASK} end"),
        ('password: "never closed\nx', f"password: {MASK}"),
        ("password = '''never closed", f"password = {MASK}"),
        ('\\"password\\": \\"never closed', f'\\"password\\": {MASK}'),
        ("auth=(u, (S)) end", f"auth={MASK} end"),
        ("auth=(u, (S", f"auth={MASK}"),
        ("mysql --password S -v", f"mysql --password {MASK} -v"),
        ("Command '['mysql', '--password', 'S']'", f"Command '['mysql', '--password', {MASK}]'"),
        ("--password --user ann --no-password x", "--password --user ann --no-password x"),
        ("a%3D1%26password%3DS", f"a%3D1%26password%3D{MASK}"),
        ("postgres://u:p@ss@host/db", f"postgres://{MASK}@host/db"),
        ("http://localhost:4318/a@b", "http://localhost:4318/a@b"),
        ("sent Basic YTpi", f"sent Basic {MASK}"),
        ("basic training, Basic CrossFit, basic AAAAA", "basic training, Basic CrossFit, basic AAAAA"),
        ('Digest username="u", response="S"', f"Digest {MASK}"),
        ("digest of it", "digest of it"),
        (
            "otelwod.session.id=4 session: Fran, pinned=3, passes: 2",
            "otelwod.session.id=4 session: Fran, pinned=3, passes: 2",
        ),
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


# What stands before and behind a secret in the shapes that are masked, and which characters end the secret there.
SHAPES = {
    "{name}={secret}": " \t\r\n&;,'\"",
    "{name}={secret}&page=2": " \t\r\n&;,'\"",
    "call({name}={secret}, n=1)": " \t\r\n&;,'\"",
    "{name}: {secret}": " \t\r\n&;,'\"",
    "{name} = '{secret}'": "'\\",
    '{{"{name}": "{secret}", "n": 1}}': '"\\',
    '"{{\\"{name}\\": \\"{secret}\\", \\"n\\": 1}}"': '"\\',
    "[('{name}', '{secret}')]": "'\\",
    "[(b'{name}', b'{secret}')]": "'\\",
    "--{name} {secret} --verbose": " \t\r\n&;,'\"",
    "['run', '--{name}', '{secret}']": "'\\",
    "environ['{name}'] = '{secret}'": "'\\",
    "{name}=['a', '{secret}'] n": "()[]{}",
}
NAMES = [
    "password",
    "Passwd",
    "db.password",
    "passphrase",
    "clientSecret",
    "token",
    "access_token",
    "X-Api-Key",
    "jwt",
    "bearer",
    "oauth",
    "auth",
    "http_auth",
    "sentry_dsn",
    "dsn",
    "otp",
    "pwd",
    "_pw",
    "db_pass",
    "sessionid",
    "JSESSIONID",
    "creds",
    "passcode",
    "cookie",
    "authorization",
]


@st.composite
def hidden(draw: st.DrawFn) -> tuple[str, str]:
    shape = draw(st.sampled_from(sorted(SHAPES)))
    letters = st.characters(min_codepoint=32, exclude_characters=SHAPES[shape], exclude_categories=["Cs", "Z", "Cc"])
    # Digits at both ends: what opens a value (quotes, brackets, a dash) or closes a sentence is not the secret's.
    secret = f"7{draw(st.text(letters, min_size=4, max_size=30))}7"
    before, behind = draw(st.sampled_from([("", ""), ("GET /x? ", " end"), ("line\n", "\nline")]))
    return before + shape.format(name=draw(st.sampled_from(NAMES)), secret=secret) + behind, secret


@given(hidden())
def test_a_secret_behind_a_known_name_is_never_in_the_output(case: tuple[str, str]) -> None:
    text, secret = case
    clean = redact_text(text)
    assert secret not in clean
    assert MASK in clean
    assert redact_text(clean) == clean
    assert secret.encode() not in redact_bytes(text.encode())


HEADERS = ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "cookie2", "X-Amz-Authorization"]


@given(st.sampled_from(HEADERS), st.lists(st.text("ab7 ,;=\"'&", min_size=1), min_size=1, max_size=4))
def test_a_header_is_masked_to_the_end_of_its_line(name: str, parts: list[str]) -> None:
    line = " ".join(["Scheme", *parts, "SECRET"])
    assert redact_text(f"GET /\n{name}: {line}\r\nHost: x") == f"GET /\n{name}: {MASK}\r\nHost: x"
    assert redact_text(f'["{name}: SECRET", "b"]') == f'["{name}: {MASK}", "b"]'
    assert redact_text(f"curl -H '{name}: SECRET' -v u") == f"curl -H '{name}: {MASK}' -v u"


@given(
    st.text(st.characters(codec="ascii"), max_size=200) | st.text("password='\"\\ :,-([{)}]\n;&@/tokenS", max_size=60)
)
def test_redacting_again_changes_nothing(text: str) -> None:
    clean = redact_text(text)
    assert redact_text(clean) == clean


def test_pairs_and_options_in_sequences() -> None:
    assert secret_items(("Cookie", "sid=S")) == {1}
    assert secret_items((b"authorization", b"Bearer S")) == {1}
    assert secret_items(["mysql", "--password", "S", "--user", "ann", "-token", 5]) == {2, 6}
    for harmless in (
        ["rows", "S"],
        ["a token", "S"],
        ["--password", "--user"],
        ["--password=S", "b"],
        ["a", "token", "b"],
    ):
        assert secret_items(harmless) == frozenset()
    assert secret_items(["key", len]) == secret_items(["--no-password", "x"]) == secret_items([]) == frozenset()


NASTY = [
    "a.a.",
    "password",
    "eyJ",
    "-eyJaaaaaaaa",
    "eyJaaaaaaaa.",
    "x://",
    "://@",
    "://a",
    "_key",
    "bearer ",
    "bearer  ",
    "password=",
    "password='",
    'password="\\',
    "password=\\'",
    "password=(",
    "password=)",
    "password=....",
    "password \n",
    "--password ",
    "-",
    "basic AAAA",
    "digest a=",
    "('a',",
    "cookie:",
    "'Cookie:a' ",
    "'Cookie:\\",
    "\\",
    "a",
    " ",
    "auth_",
    "AKIA",
    "password=[redacted]",
    "a=",
    "]",
    '"',
    "=",
]


@pytest.mark.parametrize("unit", NASTY)
def test_the_patterns_read_a_long_text_in_linear_work(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: searches for a name grow no faster than the text, and no value is read twice."""
    work = []
    value = redaction._value

    def counted(text: str, found: re.Match[str]) -> tuple[int, int]:
        begin, end = value(text, found)
        work.append(max(1, end - begin))
        return begin, end

    monkeypatch.setattr(redaction, "_value", counted)
    text = (unit * 100_000)[:100_000]
    assert len(redact_text(text)) <= len(text) * (1 + len(MASK))
    assert sum(work) <= 3 * len(text) * (1 + len(MASK))


def test_the_patterns_begin_only_where_a_run_begins() -> None:
    """Without it each position of a long run would read the rest of the run: time with the square of its length."""
    for pattern in (redaction._NAME_AND_SIGN, redaction._OPTION):
        assert pattern.pattern.startswith(r"(?<![\w.-])")
