"""Secrets do not leave: which names carry one, and what in a text looks like one. Imports nothing of OpenTelemetry.

A *name* (of a parameter, an attribute, a header, an option) is secret by its words, however it is written
(``X-Api-Key``, ``apiKey``, ``API_KEYS``): the lists below are the only ones. Words that mean too many harmless things
are not among them: ``session``, ``pin`` and ``pass`` alone.

In a *text*, what stands behind a secret name is masked: ``name=value``, ``name: value`` (quoted or not, in brackets,
escaped), ``--name value``, ``("name", "value")``; and the credentials of a URL, ``Bearer``, ``Basic`` and ``Digest``
values, JSON web tokens and AWS key ids. A value without quotes ends at white space, ``&``, ``;`` or ``,`` with white
space behind it; that of a header (authorization, cookie) at the end of its line, or of the quotes that it stands in.
(A bare ``key=`` in a text is not a secret: more often it is an argument of ``sort``.)

The time is linear in the text: a name is looked for where a run of its characters begins and nowhere inside the run,
and what a value takes is never read again.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from otelwod.trace import AttributeValue

MASK: Final = "[redacted]"
MAX_NAME: Final = 256
"""Characters of a name that are looked at: the last ones."""
SLACK: Final = 4096
"""Characters to read beyond where a text will be cut, so that the cut divides no secret from what gives it away."""

# --------------------------------------------------------------------------------------------------------------- names

_ANYWHERE = r"passw(?:or)?d|passphrase|passcode|secret|credential|cookie|authorization|tokens?(?![a-z])"
"""Secret also inside a word: ``passwordHash``, ``sessiontoken``."""
_WORDS = "pwd pw jwt jwts cred creds pincode sessionid sessid phpsessid jsessionid"
"""Secret as a whole word: ``db_pw``."""
_LAST_WORDS = "auth oauth bearer dsn otp totp"
"""Secret as the last word: ``http_auth``; ``auth_type`` and ``otp_version`` are not."""
_ACCOUNTS = "db user admin root login smtp imap mail ftp ldap proxy mysql pg redis"
"""``pass`` is secret behind these: ``db_pass``."""
_BEFORE_KEY = "api access account auth client encryption host license master private secret session signing ssh"
"""``key`` is secret behind these even when written together: ``apikey``."""

_SECRET_WORD_IN_TEXT: Final = "|".join(
    (
        _ANYWHERE,
        rf"(?<![a-z])(?:{'|'.join(_WORDS.split())})(?![a-z])",
        rf"(?<![a-z])(?:{'|'.join(_LAST_WORDS.split())})[\W\d_]*$",
        rf"(?<![a-z])(?:{'|'.join(_ACCOUNTS.split())})[_.-]?pass(?![a-z])",
        rf"(?:{'|'.join(f'(?<={prefix})' for prefix in _BEFORE_KEY.split())}|(?<=[a-z0-9][_-]))keys?(?![a-z])",
    )
)
_SECRET_IN_TEXT = re.compile(_SECRET_WORD_IN_TEXT)
_SECRET_NAME = re.compile(rf"{_SECRET_WORD_IN_TEXT}|(?<![a-z])keys?(?![a-z])")
_HEADER = re.compile(r"(?:authorization|cookies?2?)$", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LOOKS_LIKE_NAME = re.compile(r"[\w.][\w.-]{0,63}")


@lru_cache(maxsize=1024)
def _is_secret(name: str, in_text: bool) -> bool:
    words = _CAMEL.sub("_", name).lower()
    return (_SECRET_IN_TEXT if in_text else _SECRET_NAME).search(words) is not None


def is_secret(name: str) -> bool:
    """Whether what stands under this name (of a parameter, an attribute, a header) is masked."""
    return _is_secret(name[-MAX_NAME:], in_text=False)


# --------------------------------------------------------------------------------------------------------------- texts

_QUOTE = r"\\{0,3}[\"']"
_NAME_AND_SIGN = re.compile(
    rf"(?<![\w.-])([\w.-]+)({_QUOTE})?\]?\s{{0,64}}(?:=>|:=|={{1,3}}|:|%3[dD])\s{{0,64}}",
)
_OPTION = re.compile(rf"(?<![\w.-])(--?[A-Za-z_][\w.-]*)(?:{_QUOTE})?,?\s{{1,64}}(?!-)")
_PAIR = re.compile(rf"(?<=[(\[])[bBuU]?{_QUOTE}([\w.-]{{1,64}}){_QUOTE}\s{{0,64}},\s{{0,64}}(?=[bBuU]?{_QUOTE})")

_OPENING = re.compile(r"[bBuUrR]{0,2}(?:(?P<triple>\"\"\"|''')|(?P<escape>\\{1,3})?(?P<quote>[\"']))")
_INSIDE: Final[dict[str, re.Pattern[str]]] = {
    quote: re.compile(rf"[^{quote}\\]*(?:\\.[^{quote}\\]*)*", re.DOTALL) for quote in "\"'"
}
_BRACKET = re.compile(r"[()\[\]{}]")
_VALUE_END = re.compile(r"[\s&;]|[\"'](?=[\s,;:)}\]]|$)|,(?=\s|$)")
_LINE = re.compile(r"[^\r\n]*")
_LINE_INSIDE: Final[dict[str, re.Pattern[str]]] = {
    quote: re.compile(rf"[^{quote}\\\r\n]*(?:\\.[^{quote}\\\r\n]*)*") for quote in "\"'"
}

_URL_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#\"<>]+@")
_BEARER = re.compile(r"\b(bearer)(\s{1,64})[\w.~+/=-]{6,}", re.IGNORECASE)
_BASIC = re.compile(r"\b(basic)(\s{1,64})([A-Za-z0-9+/_-]{4,}={0,2})", re.IGNORECASE)
_DIGEST = re.compile(r"\b(digest)(\s{1,64})(?=[a-z]{1,20}=)[^\r\n]+", re.IGNORECASE)
_WEB_TOKEN = re.compile(r"\beyJ[\w-]{8,1024}\.[\w-]{8,}(?:\.[\w-]*)?")
_AWS_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")


def redact_text(text: str) -> str:
    """``text`` with all that looks like a secret masked; equal to it where nothing does, and when done again."""
    if "://" in text:
        text = _URL_CREDENTIALS.sub(f"{MASK}@", text)
    if "=" in text or ":" in text or "%3" in text:
        text = _mask_behind(_NAME_AND_SIGN, text, _is_secret_here)
    if "-" in text:
        text = _mask_behind(_OPTION, text, _is_secret_option)
    if "," in text:
        text = _mask_behind(_PAIR, text, _is_secret_here)
    text = _BEARER.sub(_keep_scheme, text)
    text = _BASIC.sub(_basic, text)
    text = _DIGEST.sub(_keep_scheme, text)
    if "eyJ" in text:
        text = _WEB_TOKEN.sub(MASK, text)
    return _AWS_KEY_ID.sub(MASK, text)


def redact_bytes(data: bytes) -> bytes:
    """As `redact_text`, of a text in any encoding that has ASCII in it."""
    return redact_text(data.decode("latin-1")).encode("latin-1")


def _is_secret_here(name: str) -> bool:
    return _is_secret(name[-MAX_NAME:], in_text=not name.startswith("--"))


def _is_secret_option(name: str) -> bool:
    return _is_secret_here(name) and not name.startswith("--no-")


def _mask_behind(names: re.Pattern[str], text: str, is_name: Callable[[str], bool]) -> str:
    """``text`` with the value behind each match of ``names`` masked whose first group is the name of a secret."""
    parts: list[str] = []
    done = at = 0
    while found := names.search(text, at):
        at = found.end()
        if not is_name(found[1]):
            continue
        begin, end = _value(text, found)
        if begin < end:
            parts += text[done:begin], MASK
            done = at = end
    return "".join(parts) + text[done:] if parts else text


def _value(text: str, found: re.Match[str]) -> tuple[int, int]:
    """From where to where the value behind a name goes; its quotes and brackets are part of it."""
    begin = found.end()
    if found.re is _NAME_AND_SIGN and found[2] is None and _HEADER.search(found[1][-MAX_NAME:]):
        line = _LINE_INSIDE.get(text[found.start() - 1 : found.start()], _LINE).match(text, begin)
        return begin, line.end() if line else len(text)
    if opening := _OPENING.match(text, begin):
        return begin, _quoted_end(text, opening)
    if text.startswith(MASK, begin):
        return begin, begin + len(MASK)
    if text[begin : begin + 1] in ("(", "[", "{"):
        return begin, _bracket_end(text, begin)
    ended = _VALUE_END.search(text, begin)
    end = ended.start() if ended else len(text)
    while end > begin and text[end - 1] in ",.)]}":  # what closes the sentence or the call is not the value's
        end -= 1
    return begin, end


def _quoted_end(text: str, opening: re.Match[str]) -> int:
    """Behind the quotes that close; where none do, the end of the text."""
    at = opening.end()
    if triple := opening["triple"]:
        found = text.find(triple, at)
        return len(text) if found < 0 else found + 3
    quote = opening["quote"]
    if escape := opening["escape"]:
        closing = _escaped_quote(len(escape), quote).search(text, at)
        return closing.end() if closing else len(text)
    inside = _INSIDE[quote].match(text, at)
    return min(len(text), inside.end() + 1) if inside else len(text)


@lru_cache(maxsize=8)
def _escaped_quote(count: int, quote: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\\)\\{{{count}}}{quote}")


def _bracket_end(text: str, begin: int) -> int:
    """Behind the bracket that closes the one at ``begin``; where none does, the end of the text."""
    depth = 0
    for bracket in _BRACKET.finditer(text, begin):
        depth += 1 if bracket[0] in "([{" else -1
        if depth == 0:
            return bracket.end()
    return len(text)


def _basic(found: re.Match[str]) -> str:
    """``Basic`` is followed by credentials where that is ``user:password`` in base64; "basic training" is prose."""
    given = found[3].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = binascii.a2b_base64(given + "=" * (-len(given) % 4))
    except binascii.Error:
        return found[0]
    return _keep_scheme(found) if b":" in decoded else found[0]


def _keep_scheme(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{MASK}"


# -------------------------------------------------------------------------------------------------------------- values


def secret_items(items: Sequence[object]) -> frozenset[int]:
    """Which items are secret by the item before: the second of a pair (name, value), the one behind an option.

    Names are texts or bytes: ``("Cookie", …)``, ``(b"authorization", …)``, ``["--password", …]``.
    """
    found = set()
    for index, item in enumerate(items[:-1]):
        name = _as_name(item)
        if name is None:
            continue
        if len(items) == 2 and _LOOKS_LIKE_NAME.fullmatch(name) and _is_secret_here(name):
            found.add(1)
        elif name.startswith("-") and "=" not in name and _is_secret_option(name):
            following = _as_name(items[index + 1])
            if following is None or not following.startswith("-"):
                found.add(index + 1)
    return frozenset(found)


def _as_name(item: object) -> str | None:
    if issubclass(type(item), str):  # not `isinstance`, which asks the item for its __class__
        return str.__str__(item)
    return item[-MAX_NAME:].decode("latin-1") if type(item) is bytes else None


def redact_value(name: str, value: AttributeValue) -> AttributeValue:
    """The mask for anything under a secret name; texts (and sequences of texts) go through `redact_text`."""
    if is_secret(name):
        return MASK
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, (tuple, list)) and any(isinstance(item, str) for item in value):
        secret = secret_items(value)
        return tuple(
            MASK if index in secret else redact_text(item) if isinstance(item, str) else item
            for index, item in enumerate(value)
        )
    return value


def redact_attributes(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """A copy of ``attributes`` with `redact_value` applied to each."""
    return {name: redact_value(name, value) for name, value in attributes.items()}
