"""Lists, reads and moves the objects of a bucket over S3's own protocol, as Amazon and others speak it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from hub.clock import Clock
from hub.errors import BadInput, Misconfigured, Retry, Unclear
from hub.families.cloudsign import CloudKey, aws4
from hub.families.drops import MOST_FILES, Dropped, FileChanged
from hub.http import Request, Response, retry_after, verdict
from hub.instant import instant
from hub.outgoing.transmit import transmit

_GONE = (404, 412)
_EMPTY = hashlib.sha256(b"").hexdigest()
_HINTS = {
    "RequestTimeTooSkewed": "Set the clock of this machine.",
    "NoSuchBucket": "Correct the bucket.",
    "AccessDenied": "Give the key the rights to list and get, and for `after: move` to put and delete.",
    "InvalidAccessKeyId": "Correct client_id.",
    "SignatureDoesNotMatch": "Correct client_secret.",
    "AuthorizationHeaderMalformed": "Correct the region.",
    "PermanentRedirect": "Correct the region or base_url.",
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A folder of a bucket: `address` is that of the bucket itself, `prefix` ends with a slash or is empty.

    docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, _GetObject, _CopyObject and _DeleteObject.
    """

    address: str
    name: str
    prefix: str
    region: str
    key: CloudKey
    token: str | None
    deep: bool
    clock: Clock
    http: httpx.AsyncClient
    timeout: float

    async def files(self) -> list[Dropped]:
        """Return the objects; what only stands for a folder is left out."""
        found: list[Dropped] = []
        query = {"list-type": "2", "prefix": self.prefix, "max-keys": "1000", "encoding-type": "url"}
        query |= {} if self.deep else {"delimiter": "/"}
        while True:
            answer = _tree(self._judged(await self._send("GET", "", query), of_object=False))
            found += filter(None, (self._file(one) for one in answer.iter("Contents")))
            after = answer.findtext("NextContinuationToken")
            if answer.findtext("IsTruncated") != "true" or not after or len(found) > 2 * MOST_FILES:
                return found
            if after == query.get("continuation-token"):
                raise Retry("The pages of the bucket's list go round in circles.")
            query["continuation-token"] = after

    def _file(self, one: Element) -> Dropped | None:
        key = unquote((one.findtext("Key") or "").replace("+", " "))
        at, size = instant(one.findtext("LastModified")), one.findtext("Size") or ""
        if not key.startswith(self.prefix) or key.endswith("/") or at is None or not size.isdecimal():
            return None
        return Dropped(key.removeprefix(self.prefix), int(size), (one.findtext("ETag") or "").strip('"'), at)

    async def fetch(self, file: Dropped, to: Path) -> None:
        """Write an object to a path, if it is still the one that was listed."""
        request, headers = self._signed("GET", self.prefix + file.name, {}, {"if-match": f'"{file.version}"'})
        headers["accept-encoding"] = "identity"  # not signed: there are proxies that change it
        sent = httpx.Request("GET", request.url, headers=headers, extensions={"timeout": _limits(self.timeout)})
        output = await asyncio.to_thread(to.open, "wb")
        try:
            async with asyncio.timeout(self.timeout * 20):
                answer = await self.http.send(sent, stream=True, follow_redirects=False)
                try:
                    await self._written(answer, file, output)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, OSError) as error:
            raise Retry(f"The object {file.name!r:.200} broke off: {type(error).__name__}.") from error
        finally:
            output.close()

    async def _written(self, answer: httpx.Response, file: Dropped, output: BinaryIO) -> None:
        if answer.status_code != 200:
            raw = bytearray()
            async for part in answer.aiter_bytes():
                raw += part
                if len(raw) > 65_536:
                    break
            self._judged(Response(answer.status_code, dict(answer.headers), bytes(raw)))
            raise Retry(f"The bucket answers {answer.status_code} to the reading of an object.")
        packed = answer.headers.get("content-encoding", "identity")
        if packed not in ("identity", "aws-chunked", ""):
            raise BadInput(f"it is stored with Content-Encoding {packed!r:.40}. Store it as it is.")
        size = 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > file.size:
                break
            await asyncio.to_thread(output.write, part)
        if size != file.size:
            raise Retry(f"The object {file.name!r:.200} came with another size than the list says.")

    async def move(self, file: Dropped, to: str) -> None:
        """Copy an object, and delete it where it was; one that was written anew meanwhile stays."""
        source, tag = self.prefix + file.name, f'"{file.version}"'
        headers = {"x-amz-copy-source": quote(f"/{self.name}/{source}"), "x-amz-copy-source-if-match": tag}
        copied = self._judged(await self._send("PUT", self.prefix + to, {}, headers))
        if not _tree(copied).tag.endswith("CopyObjectResult"):  # S3 answers 200 to a copy that fails later
            raise Retry(f"The object {file.name!r:.200} was not copied: {copied.excerpt()}.")
        here = await self._send("HEAD", source)
        if here.status in _GONE or (here.status == 200 and (here.header("etag") or "").strip('"') != file.version):
            raise FileChanged
        self._judged(here)
        self._judged(await self._send("DELETE", source))

    async def _send(
        self, method: str, key: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        request, signed = self._signed(method, key, query or {}, headers or {})
        try:
            return await transmit(request, signed, self.http, self.timeout)
        except Unclear as error:
            raise Retry(error.reason) from error  # every one of these may be sent again

    def _signed(
        self, method: str, key: str, query: Mapping[str, str], more: Mapping[str, str]
    ) -> tuple[Request, dict[str, str]]:
        """Return the request and its headers; address and signature are written in the one way of S3."""
        where = urlsplit(self.address)
        path = f"{where.path.rstrip('/')}/{quote(key, safe='/-_.~', errors='surrogateescape')}"
        headers = {"host": where.netloc, "x-amz-content-sha256": _EMPTY, **more}
        if self.token:
            headers["x-amz-security-token"] = self.token
        signed = aws4(self.key, (self.region, "s3"), self.clock.now(), method, path, headers, b"", query)
        asked = "?" + urlencode(sorted(query.items()), quote_via=quote, safe="-_.~") if query else ""
        return Request(method, f"{where.scheme}://{where.netloc}{path}{asked}"), signed

    def _judged(self, answer: Response, *, of_object: bool = True) -> Response:
        """Return a 2xx answer; raises what another one means."""
        what = verdict(answer.status)
        if what == "ok":
            return answer
        code, words = _error(answer)
        if of_object and answer.status in _GONE and code in ("NoSuchKey", "PreconditionFailed", ""):
            raise FileChanged
        said = f"The bucket {self.name!r:.100} answered {answer.status} {code}: {words!r:.200}."
        if what in ("retry", "unclear") or code in ("RequestTimeout", "SlowDown"):
            raise Retry(said, after=retry_after(answer.header("retry-after")))
        raise Misconfigured(f"{said} {_HINTS.get(code, 'Check bucket, region and key.')}")


def _limits(timeout: float) -> dict[str, float | None]:
    return httpx.Timeout(timeout, connect=min(timeout, 5.0), pool=min(timeout, 10.0)).as_dict()


def _tree(answer: Response) -> Element:
    """Return the XML of an answer, its names without their namespace; raises Retry when there is none to read."""
    try:
        root: Element = fromstring(answer.content)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Retry(f"The bucket answered {answer.status} with what is no XML: {answer.excerpt()}.") from error
    for one in root.iter():
        one.tag = str(one.tag).rpartition("}")[2]
    return root


def _error(answer: Response) -> tuple[str, str]:
    """Return the code and the words of an error; empty where it has none."""
    try:
        tree = _tree(answer)
    except Retry:
        return "", answer.text[:200]
    return tree.findtext("Code") or "", tree.findtext("Message") or ""
