"""What somebody typed into the search, as questions to indexes."""

import re
from dataclasses import dataclass

WORD = re.compile(r"\w+")
WORDS_MOST = 8
DIGITS_FEWEST = 3
AROUND = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """words in lower case, the last one perhaps unfinished; digits: spellings of a phone's part."""

    words: tuple[str, ...]
    digits: tuple[str, ...]


def asked(text: str) -> Asked:
    words = tuple(one.casefold() for one in WORD.findall(text))[:WORDS_MOST]
    return Asked(words, _digits(text))


def fts5(portal_id: int, words: tuple[str, ...]) -> str:
    """The question to SQLite's index. Source: sqlite.org/fts5.html, section 3."""
    quoted = " AND ".join([*(f'"{one}"' for one in words[:-1]), f'"{words[-1]}" *'])
    return f'portal : "p{portal_id}" AND words : ({quoted})'


def tsquery(portal_id: int, words: tuple[str, ...]) -> str:
    """The question to PostgreSQL's index; words hold nothing but letters, digits and _."""
    quoted = [f"'{one}'" for one in words[:-1]]
    return " & ".join([f"'p{portal_id}'", *quoted, f"'{words[-1]}':*"])


def excerpt(text: str, words: tuple[str, ...]) -> str:
    """The part of a text that has the first of the words, on one line."""
    line = " ".join(text.split())
    folded = line.casefold()
    places = [place for one in words if (place := folded.find(one)) >= 0]
    start = max(min(places, default=0) - AROUND // 2, 0)
    cut = line[start : start + 2 * AROUND]
    return ("…" if start else "") + cut + ("…" if start + 2 * AROUND < len(line) else "")


def _digits(text: str) -> tuple[str, ...]:
    """A phone however it is written: `8 (912) 3…`, `+7 912 3…` and `912-3…` are one."""
    if re.search(r"[^\d\s()+.\-–]", text):
        return ()
    digits = re.sub(r"\D", "", text)
    if len(digits) < DIGITS_FEWEST:
        return ()
    russian = digits[0] == "8" and len(digits) > DIGITS_FEWEST + 1 and "+" not in text
    return tuple(dict.fromkeys([f"7{digits[1:]}" if russian else digits, digits]))
