"""Secrets do not leave: which names carry one, and what in a text looks like one. Imports nothing of OpenTelemetry.

A name is secret when one of its words is password, secret, token, key, cookie, authorization or credential, however
it is written (``X-Api-Key``, ``apiKey``, ``API_KEYS``); ``keyboard`` and ``tokenizer`` are not. In a text, credentials
of a URL, ``Bearer``/``Basic`` values, ``name=value`` and ``name: value`` pairs with a secret name, JSON web tokens and
AWS key ids are masked (there a bare ``key=`` is not). Every pattern is bounded, so that the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from otelwod.trace import AttributeValue

MASK: Final = "[redacted]"
MAX_NAME: Final = 256
"""Characters of a name that are looked at."""

_KEY_PREFIXES = "api access account auth client encryption host license master private secret session signing ssh"
_PLAIN_WORDS = (
    r"passw(?:or)?d|passphrase|secret|credential|cookie|authorization|tokens?(?![a-z])|(?<![a-z])pwd(?![a-z])"
)
_LONG_KEY = rf"(?:{'|'.join(f'(?<={prefix})' for prefix in _KEY_PREFIXES.split())}|(?<=[a-z0-9][_-]))keys?(?![a-z])"
_SECRET_WORD: Final = rf"(?:{_PLAIN_WORDS}|{_LONG_KEY}|(?<![a-z])keys?(?![a-z]))"
# In a text a bare "key=" is more often an argument of sort() than a secret.
_SECRET_WORD_IN_TEXT: Final = rf"(?:{_PLAIN_WORDS}|{_LONG_KEY})"
_SECRET_NAME = re.compile(_SECRET_WORD)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_URL_CREDENTIALS = re.compile(r"(?<=://)(?!\[redacted\])[^\s/@]{1,256}@")
_SCHEME = re.compile(r"\b(bearer|basic|digest)\s+[\w.~+/=-]{6,4096}", re.IGNORECASE)
_PAIR = re.compile(
    rf"""(?P<name>[\w.-]{{0,40}}{_SECRET_WORD_IN_TEXT}[\w.-]{{0,40}}["']?\s{{0,4}}[:=]\s{{0,4}})"""
    r"""(?!\[redacted\])(?:"[^"\n]{0,4096}"|'[^'\n]{0,4096}'|[^\s,;&)}\]"']{1,4096})""",
    re.IGNORECASE,
)
_WEB_TOKEN = re.compile(r"\beyJ[\w-]{8,4096}\.[\w-]{8,8192}(?:\.[\w-]{0,4096})?")
_AWS_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(_CAMEL.sub("_", name).lower()) is not None


def is_secret(name: str) -> bool:
    """Whether what stands under this name (of a parameter, an attribute, a header) is masked."""
    return _is_secret(name[:MAX_NAME])


def redact_text(text: str) -> str:
    """``text`` with all that looks like a secret masked; equal to it where nothing does, and when done again."""
    if "://" in text:
        text = _URL_CREDENTIALS.sub(f"{MASK}@", text)
    text = _SCHEME.sub(lambda found: f"{found[1]} {MASK}", text)
    if "=" in text or ":" in text:
        text = _PAIR.sub(lambda found: f"{found['name']}{MASK}", text)
    if "eyJ" in text:
        text = _WEB_TOKEN.sub(MASK, text)
    return _AWS_KEY_ID.sub(MASK, text)


def redact_value(name: str, value: AttributeValue) -> AttributeValue:
    """The mask for anything under a secret name; texts (and sequences of texts) go through `redact_text`."""
    if is_secret(name):
        return MASK
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, (tuple, list)) and any(isinstance(item, str) for item in value):
        return tuple(redact_text(item) if isinstance(item, str) else item for item in value)
    return value


def redact_attributes(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """A copy of ``attributes`` with `redact_value` applied to each."""
    return {name: redact_value(name, value) for name, value in attributes.items()}
