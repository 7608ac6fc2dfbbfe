"""Takes what WeChat and WeCom post to a callback: signed with a token, sealed with an AES key, XML or JSON inside."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any, ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from pydantic import Field, SecretStr

from hub import strictjson
from hub.errors import BadInput, Unverified
from hub.http import Reply
from hub.inbound import Inbound
from hub.signing import check_timestamp, secrets_of
from hub.source import Receipt, WebhookSource
from hub.strictjson import an_object

MAX_MESSAGE = 256_000  # bytes; a message or an event has a few thousand
MAX_NESTING = 8

_BLOCK = 32  # bytes: what is sealed is padded to a multiple of it
_HEAD = 20  # bytes before the message: 16 at random, then its length in 4


class WeChatCallback(WebhookSource):
    """A callback of an official account or a corp (developer.work.weixin.qq.com/document/path/90930).

    Authors read `message` in `parse`. The signature covers the sealed text, not what stands around it; where nothing is
    sealed, it covers no part of the body at all.
    """

    signed: ClassVar[bool] = False
    sealed_echo: ClassVar[bool] = True  # whether the challenge of the handshake is sealed too

    class Config(WebhookSource.Config):
        """What proves the sender, and opens what it sealed."""

        account_id: str = Field(description="Id of the account that messages are sealed for: its AppID or CorpID.")
        secret: SecretStr = Field(description="The Token typed in beside the callback's address.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        aes_key: SecretStr | None = Field(
            None, description="The EncodingAESKey, 43 letters and digits; none: messages come as plain text."
        )
        previous_aes_key: SecretStr | None = Field(
            None, description="The EncodingAESKey before this one, during a change."
        )
        tolerance: float = Field(300.0, gt=0, le=86400, description="Seconds the signed time may be off.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        """Raise Unverified unless the address is signed now, over the sealed text where there is a key to open it."""
        if not self._keys():
            self._check(inbound, "signature")
            return
        try:
            sealed = _sealed(inbound.body)
        except BadInput as error:
            raise Unverified(f"There is no sealed message: {error.reason}") from error
        self._check(inbound, "msg_signature", sealed)
        self._open(sealed)

    def handshake(self, inbound: Inbound) -> Reply | None:
        """Return the challenge to whoever knows the token."""
        echo = inbound.query.get("echostr")
        if inbound.method != "GET" or echo is None:
            return None
        try:
            if not self.sealed_echo:
                self._check(inbound, "signature")
                return Reply.text(echo)
            self._check(inbound, "msg_signature", echo)
            return Reply(200, self._open(echo), {"content-type": "text/plain; charset=utf-8"})
        except Unverified as error:
            return Reply.text(error.reason, 403)

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        """Return the word after which nothing is posted again, and the person sees no error."""
        return Reply.text("success")

    def message(self, inbound: Inbound) -> dict[str, Any]:
        """Return the message, opened; repeated elements are a list. Raises BadInput for what cannot be read."""
        if not self._keys():
            return fields_of(inbound.body)
        try:
            return fields_of(self._open(_sealed(inbound.body)))
        except Unverified as error:
            raise BadInput(error.reason) from error

    def _keys(self) -> list[bytes]:
        return secrets_of(self.config, "aes_key", "previous_aes_key")

    def _open(self, sealed: str) -> bytes:
        for key in self._keys():
            found = unsealed(sealed, key)
            if found is not None and found[1] == self.config.account_id.encode():
                return found[0]
        raise Unverified("The message does not open for this account. Compare `aes_key` and `account_id`.")

    def _check(self, inbound: Inbound, name: str, *signed: str) -> None:
        """Raise Unverified unless the named value of the address is the SHA-1 that the token gives."""
        when = inbound.query.get("timestamp")
        check_timestamp(when, inbound.received_at or self.clock.now(), self.config.tolerance)
        given = inbound.query.get(name, "").encode("utf-8", "replace")
        parts = (when or "", inbound.query.get("nonce", ""), *signed)
        expected = [_signature(token, *parts) for token in secrets_of(self.config)]
        if not any(hmac.compare_digest(given, own) for own in expected):
            raise Unverified(f"The {name} of the address is missing or wrong. Compare the Token on both sides.")


def _signature(token: bytes, *parts: str) -> bytes:
    texts = sorted([token, *(part.encode("utf-8", "replace") for part in parts)])
    return hashlib.sha1(b"".join(texts), usedforsecurity=False).hexdigest().encode()


def _sealed(body: bytes) -> str:
    said = fields_of(body)
    sealed = said.get("Encrypt") or said.get("encrypt")
    if not isinstance(sealed, str):
        raise BadInput("The message has no Encrypt.")
    return sealed


def unsealed(sealed: str, key: bytes) -> tuple[bytes, bytes] | None:
    """Return the message in a sealed text, and the id of the account it is for; None: it does not open with the key."""
    try:
        secret, raw = base64.b64decode(key + b"=", validate=True), base64.b64decode(sealed, validate=True)
        opener = Cipher(algorithms.AES256(secret), modes.CBC(secret[:16])).decryptor()
        plain = opener.update(raw) + opener.finalize()
    except (binascii.Error, ValueError):
        return None
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= _BLOCK or not plain.endswith(bytes([padding]) * padding):
        return None
    whole = plain[:-padding]
    end = _HEAD + int.from_bytes(whole[16:_HEAD], "big")
    return (whole[_HEAD:end], whole[end:]) if _HEAD <= end <= len(whole) else None


def fields_of(body: bytes) -> dict[str, Any]:
    """Return the fields of a message in XML or JSON; entities and document types are refused. Raises BadInput."""
    if not body.strip():
        raise BadInput("The body is empty.")
    if body.lstrip()[:1] == b"{":
        return an_object(strictjson.loads(body))
    if len(body) > MAX_MESSAGE:
        raise BadInput(f"The message is larger than {MAX_MESSAGE // 1000} kB.")
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadInput(f"The message is not XML that can be read: {type(error).__name__}.") from error
    return an_object(_content(root, 0))


def _content(element: Any, depth: int) -> Any:
    """Return the text of an element, or its children by name."""
    if depth > MAX_NESTING:
        raise BadInput(f"The message is nested past {MAX_NESTING} levels.")
    found: dict[str, list[Any]] = {}
    for child in element:
        found.setdefault(child.tag, []).append(_content(child, depth + 1))
    if not found:
        return element.text or ""
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
