"""Encrypts a file with a passphrase: scrypt makes the key, AES-256-GCM seals it piece by piece."""

from __future__ import annotations

import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.errors import LeadhubError

MAGIC = b"LEADHUB-SEALED-1\n"
PIECE = 1 << 20
_TAG = 16
_SALT, _PREFIX = 16, 7
_COST = 1 << 16  # 64 MiB of memory and a fifth of a second for each guess


def is_sealed(start: bytes) -> bool:
    """Return whether a file that starts so is an encrypted one."""
    return start.startswith(MAGIC)


def seal(source: BinaryIO, target: BinaryIO, passphrase: str) -> None:
    """Write the encrypted form of a file; pieces can be neither swapped nor cut off unnoticed (STREAM, Hoang 2015)."""
    head = MAGIC + os.urandom(_SALT + _PREFIX)
    cipher = _cipher(head, passphrase)
    target.write(head)
    number, piece = 0, source.read(PIECE)
    while True:
        following = source.read(PIECE)
        target.write(cipher.encrypt(_nonce(head, number, last=not following), piece, head))
        if not following:
            return
        number, piece = number + 1, following


def unseal(source: BinaryIO, target: BinaryIO, passphrase: str) -> None:
    """Write the plain form of an encrypted file; raises LeadhubError for a wrong passphrase and for a damaged file."""
    head = source.read(len(MAGIC) + _SALT + _PREFIX)
    cipher = _cipher(head, passphrase)
    number, piece = 0, source.read(PIECE + _TAG)
    while True:
        following = source.read(PIECE + _TAG)
        try:
            target.write(cipher.decrypt(_nonce(head, number, last=not following), piece, head))
        except InvalidTag:
            said = "The passphrase is wrong" if number == 0 else "The file is damaged or cut off"
            raise LeadhubError(f"The backup cannot be decrypted. {said}, or another file was meant.") from None
        if not following:
            return
        number, piece = number + 1, following


def _cipher(head: bytes, passphrase: str) -> AESGCM:
    salt = head[len(MAGIC) : len(MAGIC) + _SALT]
    return AESGCM(Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode()))


def _nonce(head: bytes, number: int, *, last: bool) -> bytes:
    return head[-_PREFIX:] + number.to_bytes(4, "big") + bytes([last])
