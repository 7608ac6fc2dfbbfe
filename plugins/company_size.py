"""company_size: tells the size of a lead's company from its number of employees, for rules and routes."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hub import Lead, enricher, hookimpl

BANDS = ((1_000, "enterprise"), (250, "large"), (50, "medium"), (10, "small"), (0, "micro"))  # EU 2003/361, and above
UNITS = {"k": 1e3, "K": 1e3, "千": 1e3, "万": 1e4}
NUMBER = re.compile(r"([0-9]+(?:[,' ][0-9]{3})*(?:\.[0-9]+)?)\s*([kK千万]?)")
FEWER = re.compile(r"<|under|below|less|fewer|up to|少于|不足|以下|以内", re.IGNORECASE)


@enricher("company_size")
async def company_size(lead: Lead, _ctx: Any) -> Mapping[str, Any]:
    """Put micro, small, medium, large or enterprise into `extra.company_size`, by the least number of employees."""
    least = least_employees(lead.employees or "")
    return {} if least is None else {"company_size": next(band for start, band in BANDS if least >= start)}


def least_employees(text: str) -> float | None:
    """Return the smallest number of people a text such as `51-200`, `1,000+`, `<50` or `2万人` speaks of."""
    found = NUMBER.search(text)
    if found is None:
        return None
    number = float(re.sub("[,' ]", "", found[1])) * UNITS.get(found[2], 1)
    return number - 1 if FEWER.search(text) else number


@hookimpl
def hub_register() -> Iterable[Any]:
    yield company_size
