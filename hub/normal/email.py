"""Cleans e-mail addresses, and makes the key that spellings of one mailbox share."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES

from hub.normal import text
from hub.normal.mailboxes import is_disposable, is_free, is_role
from hub.normal.verdicts import EMPTY, Cleaned

_MOST = 1_000  # characters looked at; an address has 254 at most
_PIECES = 10
_SEPARATOR = re.compile(r"[,;，；、|]+|\s+")
_ANGLES = re.compile(r"<([^<>@]+@[^<>@]+)>")
_AROUND_AT = re.compile(r"\s*@\s*")
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SHORT = 64  # characters of an address in which neither part can be too long
_EDGES = " .,;:<>()[]{}'\u2018\u2019\u201c\u201d"
_GMAIL = frozenset(("gmail.com", "googlemail.com"))
_IMITATIONS = frozenset("аеорсухѕіјһԁԛԝАВЕКМНОРСТУХαονΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


@lru_cache(maxsize=20_000)
def email(raw: str) -> Cleaned:
    """Return the first valid address with its domain in lower case; the plus tag stays.

    Parts: `local`, `domain` (Unicode), `tag` (after the plus), `key` (see `match_key`), `free`, `disposable`, `role`.
    """
    said = raw.strip()
    if "\n" in said or "\r" in said:
        return Cleaned(None, False, EMPTY.parts, ("email_newline",))
    shown = text.line(said, _MOST)
    if shown.value is None:
        return EMPTY
    pieces, codes = _pieces(text.ascii_width(shown.value))
    found = [address for address in map(_valid, pieces[:_PIECES]) if address]
    hidden = tuple(code for code in shown.codes if code == "text_hidden")
    if not found:
        return Cleaned(None, False, EMPTY.parts, (*hidden, "email_invalid"))
    if len({address.normalized.lower() for address in found}) > 1:
        codes = ("email_several",)
    return _describe(found[0], (*hidden, *codes))


def match_key(address: str) -> str:
    """Return what spellings of one mailbox share: lower case, no plus tag, and no dots at Gmail.

    An address that cannot be read is its own key.
    """
    return email(address).parts.get("key") or text.key(address)


def domain_of(address: str | None) -> str | None:
    """Return the domain of a cleaned address, None without one."""
    return address.rpartition("@")[2] or None if address else None


def _pieces(said: str) -> tuple[list[str], tuple[str, ...]]:
    """Return what may be addresses in a text, and a code when the text holds more than addresses."""
    if said[:7].lower() == "mailto:":
        said = unquote(said[7:].partition("?")[0])
    in_angles = _ANGLES.findall(said)
    if in_angles:
        return in_angles, ()
    said = _AROUND_AT.sub("@", said)
    if said.startswith('"') and '"@' in said:
        return [said], ()
    words = [word for word in _SEPARATOR.split(said) if word]
    pieces = [part for word in words if "@" in word for part in _slashed(word)]
    return pieces or [said], ("email_extracted",) if pieces and len(words) > sum("@" in w for w in words) else ()


def _slashed(word: str) -> list[str]:
    """Split `a@x.com/b@y.com`, but not `a/b@x.com`: a slash is a letter before the @."""
    parts = word.split("/")
    return parts if len(parts) > 1 and all("@" in part for part in parts) else [word]


class Address(NamedTuple):
    """A valid address: the part before the @, and the domain as Unicode and as ASCII."""

    local_part: str
    domain: str
    ascii_domain: str

    @property
    def normalized(self) -> str:
        """Return the whole address as people write it."""
        return f"{self.local_part}@{self.domain}"


def _valid(piece: str) -> Address | None:
    piece = piece.strip(_EDGES)
    if piece.lower().startswith("mailto:"):
        piece = piece[7:]
    local, _, domain = piece.rpartition("@")
    if len(piece) <= _SHORT and _PLAIN.fullmatch(local) and local.lower() not in CASE_INSENSITIVE_MAILBOX_NAMES:
        known = _validated(f"a@{domain}")  # most addresses share their domains, whose check is the dear half
        return known._replace(local_part=local) if known else None
    return _validated(piece)


@lru_cache(maxsize=8_000)
def _validated(piece: str) -> Address | None:
    try:
        said = validate_email(piece, check_deliverability=False, allow_quoted_local=True, test_environment=True)
    except (EmailNotValidError, UnicodeError):
        return None
    return Address(said.local_part, said.domain, said.ascii_domain)


def _describe(address: Address, codes: tuple[str, ...]) -> Cleaned:
    local, domain = address.local_part, address.domain
    untagged, plus, tag = local.partition("+") if not local.startswith("+") else (local, "", "")
    ascii_domain = address.ascii_domain.lower()
    parts: dict[str, Any] = {
        "local": local, "domain": domain, "tag": tag if plus else None, "key": _key(untagged, ascii_domain),
        "free": is_free(ascii_domain), "disposable": is_disposable(ascii_domain), "role": is_role(untagged),
    }  # fmt: skip
    if parts["disposable"]:
        codes = (*codes, "email_disposable")
    if parts["role"]:
        codes = (*codes, "email_role")
    if not address.normalized.isascii() and _imitates(address.normalized):
        codes = (*codes, "email_mixed_script")
    return Cleaned(address.normalized, True, parts, codes)


def _key(untagged: str, domain: str) -> str:
    local = unicodedata.normalize("NFKC", untagged).casefold()
    if domain in _GMAIL:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def _imitates(address: str) -> bool:
    """Return whether a label mixes scripts, as `раypal` does, or imitates Latin before a Latin top-level domain."""
    labels = [[c for c in label if c.isalpha()] for label in re.split(r"[@.]", address) if not label.isascii()]
    if any(len({_script(c) for c in letters} - {""}) > 1 for letters in labels):
        return True
    domain, _, top = address.rpartition("@")[2].rpartition(".")
    return top.isascii() and any(
        not label.isascii() and all(c in _IMITATIONS for c in label if c.isalpha()) for label in domain.split(".")
    )


def _script(character: str) -> str:
    return next((script for script in _SCRIPTS if unicodedata.name(character, "").startswith(script)), "")
