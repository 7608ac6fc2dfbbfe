"""Writes a new workspace: the files that `leadhub init` starts people with, or those of the demo."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hub.demo.sign import DEMO_SECRETS
from hub.errors import ConfigError

SANDBOX_SECRET = "demo-token"  # noqa: S105 (what the sandbox takes; it guards nothing)

_TEMPLATES = Path(__file__).with_name("templates")
_COMMON = {"plugins/README.md": "plugins.md", "mappings/README.md": "mappings.md", ".gitignore": "gitignore"}
_PLAIN = {"hub.yaml": "hub.yaml", ".env.example": "env.example"}
_DEMO = {"hub.yaml": "demo.yaml", ".env.example": "demo.env.example"}
_FOLDERS = ("inbox/lists", "out", "data")
_DEMO_FOLDERS = ("inbox/expo", "mails", "secrets")


def write_workspace(folder: Path, demo: bool) -> tuple[Path, ...]:
    """Write a workspace into a folder and return the files written; `demo` adds every source, sink and secret.

    Nothing that is there already is changed: raises ConfigError, before anything is written, when a file of the same
    name exists or the folder cannot be made.
    """
    contents = {
        name: (_TEMPLATES / file).read_text("utf-8") for name, file in (_COMMON | (_DEMO if demo else _PLAIN)).items()
    }
    contents |= _secrets() if demo else {}
    there = [name for name in contents if (folder / name).exists()]
    if there:
        raise ConfigError(f"{folder / there[0]} exists already. Choose an empty folder, or move the file away.")
    try:
        for name in (*_FOLDERS, *(_DEMO_FOLDERS if demo else ())):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return tuple(
            _written(folder / name, text, private=name.startswith("secrets/")) for name, text in contents.items()
        )
    except OSError as error:
        raise ConfigError(
            f"The workspace {folder} cannot be written: {error.strerror}. Choose another folder."
        ) from error


def _written(path: Path, text: str, *, private: bool) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600 if private else 0o666)
    path.write_text(text, "utf-8")
    return path


def _secrets() -> Mapping[str, str]:
    """Return the secrets of the demo as files: those the senders sign with, and what the sandbox takes."""
    files = {f"secrets/{source}": f"{secret}\n" for source, secret in DEMO_SECRETS.items()}
    return {
        **files,
        "secrets/sandbox": f"{SANDBOX_SECRET}\n",
        "secrets/google-service-account.json": _service_account(),
    }


def _service_account() -> str:
    """Return a service account's key as Google hands it out, made here and known to nobody else."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {
        "type": "service_account",
        "project_id": "leadhub-demo",
        "private_key_id": "demo",
        "private_key": pem,
        "client_email": "leadhub@leadhub-demo.example.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    return json.dumps(account, indent=2) + "\n"
