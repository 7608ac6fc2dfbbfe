"""Signs requests to the three large clouds the way each documents: AWS, Alibaba Cloud and Tencent Cloud."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import NamedTuple
from urllib.parse import quote


class CloudKey(NamedTuple):
    """An access key: the id that goes along, and the secret that only signs."""

    id: str
    secret: str


def aws4(
    key: CloudKey, scope: tuple[str, str], at: datetime, method: str, path: str, headers: Mapping[str, str],
    body: bytes, query: Mapping[str, str] | None = None,
) -> dict[str, str]:  # fmt: skip
    """Return the headers, with X-Amz-Date and Authorization (Signature Version 4); `scope` is region and service.

    `headers` are those to sign, by lower-case name, `host` among them
    (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
    """
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    signed = {**headers, "x-amz-date": stamp}
    names = ";".join(sorted(signed))
    canonical = _canonical(method, path, _query(query or {}), signed, names, _hash(body))
    where = [stamp[:8], *scope, "aws4_request"]
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, "/".join(where), _hash(canonical.encode())))
    signature = _chained(f"AWS4{key.secret}", where, text)
    said = f"Credential={key.id}/{'/'.join(where)}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "authorization": f"AWS4-HMAC-SHA256 {said}"}


def acs3(
    key: CloudKey, at: datetime, nonce: str, host: str, action: str, version: str, query: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers of a POST without body whose parameters are its query (signature V3, ACS3-HMAC-SHA256).

    help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature.
    """
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": _hash(b""),
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    canonical = _canonical("POST", "/", _query(query), headers, names, _hash(b""))
    text = f"ACS3-HMAC-SHA256\n{_hash(canonical.encode())}"
    signature = hmac.digest(key.secret.encode(), text.encode(), "sha256").hex()
    said = f"Credential={key.id},SignedHeaders={names},Signature={signature}"
    return {**headers, "authorization": f"ACS3-HMAC-SHA256 {said}"}


def tc3(key: CloudKey, at: datetime, host: str, service: str, body: bytes) -> dict[str, str]:
    """Return the headers of a POST of JSON to a service (TC3-HMAC-SHA256); its date is that of UTC.

    cloud.tencent.com/document/api/382/52070.
    """
    headers = {"content-type": "application/json; charset=utf-8", "host": host}
    names = ";".join(sorted(headers))
    canonical = _canonical("POST", "/", "", headers, names, _hash(body))
    where = [at.astimezone(UTC).strftime("%Y-%m-%d"), service, "tc3_request"]
    stamp = str(int(at.timestamp()))
    text = "\n".join(("TC3-HMAC-SHA256", stamp, "/".join(where), _hash(canonical.encode())))
    signature = _chained(f"TC3{key.secret}", where, text)
    said = f"Credential={key.id}/{'/'.join(where)}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "x-tc-timestamp": stamp, "authorization": f"TC3-HMAC-SHA256 {said}"}


def _canonical(method: str, path: str, query: str, headers: Mapping[str, str], names: str, body_hash: str) -> str:
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    return "\n".join((method, path, query, lines, names, body_hash))


def _query(query: Mapping[str, str]) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~", errors="replace")) for name, value in query.items()
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _chained(secret: str, where: list[str], text: str) -> str:
    key = reduce(lambda made, part: hmac.digest(made, part.encode(), "sha256"), where, secret.encode())
    return hmac.digest(key, text.encode(), "sha256").hex()
