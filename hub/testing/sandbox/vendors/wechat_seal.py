"""Signs and seals as WeChat and WeCom do (developer.work.weixin.qq.com/document/path/90930): SHA-1, AES-256-CBC."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def signature(token: str, *parts: str) -> str:
    """Return the signature in the address: all sorted, joined and hashed."""
    return hashlib.sha1("".join(sorted([token, *parts])).encode(), usedforsecurity=False).hexdigest()


def sealed(message: bytes, aes_key: str, receiver: str, salt: str) -> str:
    """Return the message sealed for an account; the 16 first bytes come from the salt, so that repeats are equal."""
    secret = base64.b64decode(aes_key + "=")
    head = hashlib.sha256(salt.encode()).digest()[:16]
    plain = head + len(message).to_bytes(4, "big") + message + receiver.encode()
    padding = 32 - len(plain) % 32
    closer = Cipher(algorithms.AES256(secret), modes.CBC(secret[:16])).encryptor()
    return base64.b64encode(closer.update(plain + bytes([padding]) * padding) + closer.finalize()).decode()


def xml(fields: Mapping[str, object]) -> bytes:
    """Return a message in XML; numbers stand bare, texts in CDATA."""
    parts = (f"<{name}>{_content(value)}</{name}>" for name, value in fields.items())
    return f"<xml>{''.join(parts)}</xml>".encode()


def _content(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"<![CDATA[{text}]]>" if "]]>" not in text else escape(text)


def posted(
    message: Mapping[str, object], token: str, at: int, aes_key: str | None, receiver: str
) -> tuple[bytes, dict[str, str]]:
    """Return the body and the address of a post: sealed where there is a key, plain else."""
    when, nonce = str(at), str(486452656)
    query = {"signature": signature(token, when, nonce), "timestamp": when, "nonce": nonce}
    if aes_key is None:
        return xml(message), query
    closed = sealed(xml(message), aes_key, receiver, f"{when}{nonce}")
    seal = {"encrypt_type": "aes", "msg_signature": signature(token, when, nonce, closed)}
    return xml({"ToUserName": message["ToUserName"], "Encrypt": closed}), {**query, **seal}
