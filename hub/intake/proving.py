"""Finds out how a sender proves who it is, by listening to what the connector looks for; and writes it as commands."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from hub.inbound import Inbound
from hub.intake.example import Post
from hub.signing import Check, overheard, sign_hmac
from hub.source import WebhookSource

SECRET, ID = "SECRET", "leadhub-example"
_MARK = "leadhub-guess-"


@dataclass(frozen=True, slots=True)
class Proof:
    """How a request is proved: what is added to it, and the setting whose value the sender must know."""

    post: Post
    setting: str | None = None
    check: Check | None = None
    stamp: str = ""
    place: str | None = None  # of a key: header:NAME, query:NAME or body


class _Guesses(dict[str, str]):
    """Headers or parameters that are there whatever their name is."""

    def __init__(self, given: Mapping[str, str], kind: str, stamp: str, prefix: str = "") -> None:
        super().__init__(given)
        self._kind, self._stamp, self._prefix, self.asked = kind, stamp, prefix, {}

    asked: dict[str, str]

    def get(self, name: str, default: Any = None) -> Any:
        """Return what was given, a time for a time, and a mark that is known again for all else."""
        if name in self:
            return self[name]
        if name in ("origin", "idempotency-key", "content-encoding"):
            return default
        return self.asked.setdefault(name, self._made(name))

    def _made(self, name: str) -> str:
        if "time" in name:
            return self._stamp
        return ID if name.endswith("-id") else f"{self._prefix}{_MARK}{self._kind}:{name}"


def prove(source: WebhookSource, post: Post, url: str, now: datetime) -> Proof | None:
    """Return the request with its proof; None where the connector proves it in a way that is its own."""
    for stamp in (str(int(now.timestamp())), str(int(now.timestamp() * 1000))):
        for check, inbound in _heard(source, post, url, now, stamp):
            made = _proved(source, post, check, inbound, stamp)
            if made is not None and _passes(source, made.post.inbound(url, now)):
                return made
    return Proof(post) if _passes(source, post.inbound(url, now)) else None


def _heard(source: WebhookSource, post: Post, url: str, now: datetime, stamp: str) -> Iterator[tuple[Check, Inbound]]:
    prefix = str(getattr(source.config, "prefix", "") or "")
    inbound = post.inbound(url, now)
    headers = _Guesses(post.headers, "header", stamp, prefix)
    probe = replace(inbound, headers=headers, query=_Guesses(post.query, "query", stamp))
    with overheard() as checks:
        _passes(source, probe)
    yield from ((check, probe) for check in checks)


def _passes(source: WebhookSource, inbound: Inbound) -> bool:
    try:
        source.verify(inbound)
    except Exception:  # Unverified, and what a connector trips over
        return False
    return True


def _proved(source: WebhookSource, post: Post, check: Check, probe: Inbound, stamp: str) -> Proof | None:
    setting = _setting(source, check)
    if setting is None or not check.secrets:
        return None
    if check.header:
        asked: Mapping[str, str] = probe.headers.asked  # type: ignore[attr-defined]
        beside = {name: value for name, value in asked.items() if value in (stamp, ID) and name != check.header.lower()}
        if check.stamped:
            message = f"{stamp}.".encode() + post.body
            value = f"t={stamp},v1={sign_hmac(check.secrets[0], message)}"
            check = replace(check, message=message)
        else:
            signature = sign_hmac(check.secrets[0], check.message, check.algorithm, check.encoding)
            value = check.prefix + signature
        headers = {**post.headers, **beside, check.header.lower(): value}
        return Proof(replace(post, headers=headers), setting, check, stamp)
    return _keyed(post, check, setting, stamp)


def _keyed(post: Post, check: Check, setting: str, stamp: str) -> Proof | None:
    key, given = check.secrets[0].decode(), check.given or ""
    found = re.search(rf"{_MARK}(header|query):(.+)", given)
    if found and found[1] == "header":
        name = found[2]
        made = replace(post, headers={**post.headers, name: given.replace(found[0], key)})
        return Proof(made, setting, check, stamp, f"header:{name}")
    if found:
        return Proof(replace(post, query={**post.query, found[2]: key}), setting, check, stamp, f"query:{found[2]}")
    if given and given.encode() in post.body:
        return Proof(replace(post, body=post.body.replace(given.encode(), key.encode())), setting, check, stamp, "body")
    return None


def _setting(source: WebhookSource, check: Check) -> str | None:
    """Return the setting that holds the secret a check looks for."""
    names = ("secret", "previous_secret", *type(source.config).model_fields)
    for name in dict.fromkeys(name for name in names if hasattr(source.config, name)):
        value = getattr(source.config, name)
        plain = value.get_secret_value().encode() if isinstance(value, SecretStr) else None
        if plain and check.secrets and check.secrets[0] in (plain, _decoded(plain)):
            return name
    return None


def _decoded(secret: bytes) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
    except ValueError:
        return b""


def commands(proof: Proof, source: WebhookSource, url: str, *, needs_key: bool = False) -> str:
    """Return a shell script that posts the request; secret and key are left for whoever runs it to fill in."""
    check = proof.check
    lines = []
    secret = getattr(source.config, proof.setting).get_secret_value() if proof.setting else ""
    if proof.setting:
        lines.append(f"{SECRET}='…'   # the value of the setting {proof.setting}")
    body = proof.post.body.decode("utf-8", "replace")
    lines.append(f"BODY={_quoted(body.replace(secret, chr(0)) if proof.place == 'body' else body)}")
    if proof.place == "body":
        lines[-1] = lines[-1].replace(chr(0), f"'\"${SECRET}\"'")
    if check is not None and check.header:
        lines += _signing(proof, check, secret)
    query = urlencode({name: value for name, value in proof.post.query.items() if value != secret})
    if (proof.place or "").startswith("query:"):
        name = (proof.place or "").partition(":")[2]
        query = f"{query}{'&' if query else ''}{name}=${SECRET}"
    lines.append(f'curl -X POST "{_escaped(url)}{f"?{query}" if query else ""}"')
    key = ['"Authorization: Bearer $KEY"'] if needs_key else []
    if needs_key:
        lines.insert(0, "KEY='…'   # a key of this source")
    lines[-1] += "".join(f" \\\n  -H {header}" for header in [*key, *_headers(proof, secret)])
    return "\n".join(lines) + ' \\\n  --data-binary "$BODY"\n'


def _signing(proof: Proof, check: Check, secret: str) -> Iterator[str]:
    if proof.stamp.encode() in check.message or check.stamped:
        yield "TIME=$(date +%s)" + ("000" if len(proof.stamp) > 10 else "")
    message = check.message.decode("utf-8", "replace").replace(proof.post.body.decode("utf-8", "replace"), "\0")
    text = _escaped(message).replace("\0", "$BODY").replace(proof.stamp, "$TIME")
    key = f'-hmac "${SECRET}"'
    if check.secrets[0] != secret.encode():
        plain = f'printf %s "${{{SECRET}#whsec_}}" | openssl base64 -d -A | od -An -v -tx1 | tr -d " \\n"'
        key = f'-mac HMAC -macopt "hexkey:$({plain})"'
    way = "-binary | openssl base64 -A" if check.encoding == "base64" else "-hex | sed 's/.* //'"
    yield f'SIGNATURE=$(printf %s "{text}" | openssl dgst -{check.algorithm} {key} {way})'


def _headers(proof: Proof, secret: str) -> Iterator[str]:
    check = proof.check
    for name, value in proof.post.headers.items():
        if check is not None and check.header and name == check.header.lower():
            said = "t=$TIME,v1=$SIGNATURE" if check.stamped else f"{_escaped(check.prefix)}$SIGNATURE"
            yield f'"{check.header}: {said}"'
        elif proof.place == f"header:{name}":
            yield f'"{name}: {_escaped(value.replace(secret, chr(0))).replace(chr(0), "$" + SECRET)}"'
        elif value == proof.stamp and proof.stamp:
            yield f'"{name}: $TIME"'
        else:
            yield _quoted(f"{name}: {value}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _escaped(text: str) -> str:
    """Return text as it stands between double quotes."""
    return re.sub(r'([\\"$`])', r"\\\1", text)
