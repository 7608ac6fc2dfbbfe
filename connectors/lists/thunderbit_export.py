"""Thunderbit export: leads out of a file that the scraper Thunderbit, or one like it, made of web pages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hub import ListSource, RawLead, hookimpl

EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
PHONE = re.compile(r"\+?\(?\d[\d\s().-]{5,20}\d")
ABOUT_MAIL = re.compile("mail|邮箱|邮件|correo|courriel", re.IGNORECASE)
ABOUT_PHONE = re.compile("phone|mobil|tel|cell|whatsapp|handy|电话|手机|联系方式", re.IGNORECASE)


class ThunderbitExport(ListSource):
    """A file whose columns its maker invented, in any language, with cells that may hold several values or a sentence.

    Beside the cells as they are, the first e-mail address found in a row stands under `found email`, columns about mail
    first, and the first number of a column about telephones under `found phone`. Names, companies and the rest are
    matched by their usual names. Rows have no id: one is known by its content, and nobody in it consented to anything.
    """

    name = "thunderbit_export"
    title = "Thunderbit (export)"
    docs_url = "https://thunderbit.com/docs"
    confirmed = ()
    unconfirmed = (
        "There are no fixed headings: the user, or the model, names the columns of each scrape",
        "A number outside a column about telephones is not taken for one: prices and dates look alike",
    )

    def read(self, file: Path) -> Iterator[RawLead]:
        for lead in super().read(file):
            yield replace(lead, data={**lead.data, **_found(lead.data)}) if "text" not in lead.data else lead


def _found(data: Mapping[str, Any]) -> dict[str, str]:
    texts = [(name, str(cell)) for name, cell in data.items() if cell not in (None, "")]
    mails = [EMAIL.search(text) for _, text in sorted(texts, key=lambda one: not ABOUT_MAIL.search(one[0]))]
    phones = [PHONE.search(text) for name, text in texts if ABOUT_PHONE.search(name)]
    found = {"found email": next(filter(None, mails), None), "found phone": next(filter(None, phones), None)}
    return {name: match[0].strip() for name, match in found.items() if match}


@hookimpl
def hub_register() -> Iterator[type[ThunderbitExport]]:
    """Register the connector."""
    yield ThunderbitExport
