"""Reads ADF 1.0, the XML in which portals for cars and home services mail their leads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from hub.errors import BadInput

MAX_ADF = 256_000  # bytes

_NAMES = {"first": "first_name", "last": "last_name", "full": "full_name", "": "full_name"}
_CONTACT = {"email": "email", "phone": "phone"}
_ADDRESS = {"street": "street", "city": "city", "regioncode": "region", "postalcode": "postcode", "country": "country"}


def is_adf(content: bytes) -> bool:
    """Return whether bytes look like ADF."""
    return b"<adf" in content[:2000].lower() or b"<?adf" in content[:2000].lower()


def read_adf(content: bytes) -> dict[str, str]:
    """Return the fields of the first prospect, named as lead fields where there is one; raises BadInput.

    Entities and external references are refused, not resolved.
    """
    if len(content) > MAX_ADF:
        raise BadInput(f"The ADF is larger than {MAX_ADF // 1000} kB.")
    start = content.find(b"<")
    try:
        root = fromstring(content[max(start, 0) :], forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadInput(f"The ADF is not XML that can be read: {type(error).__name__}.") from error
    prospect = root.find("prospect") if root.tag != "prospect" else root
    if prospect is None:
        raise BadInput("The ADF has no prospect in it.")
    found: dict[str, str] = {}
    for name, value in _fields(prospect):
        if value:
            found.setdefault(name, value)
    return found


def _fields(prospect: Any) -> Iterator[tuple[str, str]]:
    contact = prospect.find("customer/contact")
    for element in contact.iter() if contact is not None else ():
        if element.tag == "name":
            yield _NAMES.get(element.get("part", ""), "name_" + element.get("part", "")), _text(element)
        elif element.tag in _CONTACT or element.tag in _ADDRESS:
            yield (_CONTACT | _ADDRESS)[element.tag], _text(element)
    yield "message", _text(prospect.find("customer/comments"))
    vehicle = prospect.find("vehicle")
    if vehicle is not None:
        yield "interest", " ".join(filter(None, (_text(vehicle.find(tag)) for tag in ("year", "make", "model"))))
    yield "provider", _text(prospect.find("provider/name"))
    yield "prospect_id", _text(prospect.find("id"))
    yield "requestdate", _text(prospect.find("requestdate"))


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""
