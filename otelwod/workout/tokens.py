"""One line of text → tokens, by one regular expression whose alternatives cannot run into one another.

Every alternative starts with a character class of its own and repeats only behind a fixed separator, so a line is
read once from left to right, whatever stands in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Token:
    """``kind`` is time, number, word, literal, times, open, close, comment or the symbol itself.

    ``glued`` says that no space stands before it. Positions are offsets in the line's content. ``word`` is the text of
    a word in lower case, and empty for all else. Not frozen: a token is made and asked too often for that.
    """

    kind: str
    text: str
    start: int
    end: int
    glued: bool
    word: str = ""


_TOKEN: Final = re.compile(
    r"""
    [ \t\u00a0\u2000-\u200a\u202f\u3000]*
    (?:
      (?=[0-9:.\u00bc-\u00be\u2150-\u215e])
      (?:
        (?P<time>[0-9]+(?::[0-9]+)+|:[0-9]+|:\?)
      | (?P<number>
          [0-9]+,[0-9]{1,2}(?=(?:/[0-9]{1,4}(?:[.,][0-9]{1,2})?)?[ \t]?(?:kg|lb|km|mi|bw|cm)\b)
          |[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+(?:\.[0-9]+)?|\.[0-9]+|[\u00bc-\u00be\u2150-\u215e])
      )
    | (?P<times>[xX](?=[ \t]*[0-9:(])|(?<=[0-9])[xX](?=(?i:max|amrap|amap|failure|fail)\b)|\u00d7)
    | (?P<word>[rR](?=[0-9]*:[0-9][0-9]\b)
        |[^\W\d_][\w'\u2019\u0300-\u036f]*(?:[-.&=\u2010\u2011][^\W_][\w'\u2019\u0300-\u036f]*)*)
    | (?P<comment>//.*|(?<![0-9])\#.*)
    | (?P<inch>(?<=[0-9])["\u201d\u2033])
    | (?P<literal>"[^"]*"|\u201c[^\u201d]*\u201d)
    | (?P<ellipsis>\.\.+|\u2026)
    | (?P<dash>[-\u2010-\u2015\u2212])
    | (?P<open>\()
    | (?P<close>\))
    | (?P<emoji>[\u2600-\u27bf\u2b50\U0001f000-\U0001faff]
        [\u200d\ufe0f\u20e3\u2600-\u27bf\u2b50\U0001f000-\U0001faff\U000e0020-\U000e007f]*)
    | (?P<symbol>[^ \t\u00a0\u2000-\u200a\u202f\u3000])
    )
    """,
    re.VERBOSE | re.DOTALL,
)


_RENAMED: Final = frozenset({"inch", "dash", "symbol"})
SPACES: Final = " \t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"


def tokens(content: str) -> list[Token]:
    """The tokens of one line, spaces left out."""
    found: list[Token] = []
    before = -1
    for match in _TOKEN.finditer(content.rstrip(SPACES)):  # behind the last token it would look for one at each space
        kind = match.lastgroup or ""
        start, end = match.span(match.lastindex or 0)
        text = content[start:end]
        if kind == "word":
            found.append(Token(kind, text, start, end, start == before, text.lower()))
        elif kind == "number" or kind not in _RENAMED:
            found.append(Token(kind, text, start, end, start == before))
        elif kind == "inch":
            found.append(Token("word", "in", start, end, start == before, "in"))
        else:
            found.append(Token("-" if kind == "dash" else text, text, start, end, start == before))
        before = end
    return found
