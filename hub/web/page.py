"""Builds HTML safely: every text is escaped, every page has the same frame and a strict policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from starlette.responses import Response

_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 16px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none; }
.figures li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; min-width: 8rem; }
.figures b { display: block; font-size: 1.6rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
form.entry { max-width: 22rem; } form.entry label { display: block; margin-top: 1rem; }
form.entry input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; margin-top: .25rem; }
button { font: inherit; padding: .5rem 1.25rem; margin-top: 1.25rem; border-radius: .5rem; cursor: pointer; }
form.entry input, button { border: 1px solid var(--line); background: Field; color: FieldText; }
form.entry input { border-radius: .5rem; } .hint { display: block; opacity: .75; font-size: .9rem; }
.bad { color: light-dark(#a40000, #ff8a80); }
.trail { list-style: none; padding: 0; } .trail .under { padding-left: 2rem; opacity: .8; }
"""

_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

_OF_FORMS = {
    "content-security-policy": HEADERS["content-security-policy"].replace("form-action 'none'", "form-action 'self'"),
    "referrer-policy": "same-origin",  # without a referrer a form's Origin is "null", and nobody can tell whose it is
}


class Safe(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: Any) -> Safe:
    """Return a value as HTML text."""
    if isinstance(value, Safe):
        return value
    return Safe(f"<bdi>{escape(str(value))}</bdi>" if value is not None else "")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Safe:
    """Return rows as a table; numbers are set right."""
    rows = list(rows)
    first = rows[0] if rows else ()
    kinds = [_kind(value) for value in first] or [""] * len(columns)
    head = "".join(f"<th scope=col{kind}>{escape(column)}</th>" for column, kind in zip(columns, kinds, strict=True))
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return Safe(f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")


def _kind(value: Any) -> str:
    return " class=number" if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _cell(value: Any) -> str:
    kind = _kind(value)
    return f"<td{kind}>{value if kind else text(value)}</td>"


def figures(pairs: Iterable[tuple[str, Any]]) -> Safe:
    """Return a row of large numbers with their names."""
    return Safe("<ul class=figures>" + "".join(f"<li><b>{text(v)}</b>{text(k)}</li>" for k, v in pairs) + "</ul>")


def link(path: str, words: str) -> Safe:
    """Return a link inside leadhub."""
    return Safe(f'<a href="{escape(path, quote=True)}">{text(words)}</a>')


def page(
    title: str, *parts: Safe, status: int = 200, language: str = "en", form: bool = False, script: str = ""
) -> Response:
    """Return a whole page; one with a `form` may post to leadhub, and says to leadhub alone where it was.

    `script` is run at its end; it is ours, and no other runs.
    """
    body = "".join(parts)
    headers = {**HEADERS, **(_OF_FORMS if form else {})}
    if script:
        proof = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        headers["content-security-policy"] += f"; script-src 'sha256-{proof}'"
        body += f"<script>{script}</script>"
    html = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>"
    )
    return Response(html, status, {**headers, "content-type": "text/html; charset=utf-8"})
