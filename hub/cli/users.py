"""user: who signs in to the dashboard with a password, and in which role."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated
from urllib.parse import quote

import typer

from hub.cli.office import ask
from hub.cli.serve import Config
from hub.cli.tell import Json, tell, write_json, write_table
from hub.errors import LeadhubError

user = typer.Typer(help="Users with passwords.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name or e-mail address, or id.")]
Role = Annotated[str, typer.Option(help="rep, viewer, operator, admin or owner.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(user, name="user")


def _password(from_input: bool) -> str:
    """Return the password a person types twice, or the first line of standard input; never an argument, which shows."""
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise LeadhubError("There is no terminal to type the password at. Say --password-stdin and pipe it in.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


@user.command("create")
def create(name: Name, role: Role, from_input: FromInput = False, as_json: Json = False, config: Config = None) -> None:
    """Make a user; the password is asked for."""
    body = {"name": name, "role": role, "password": _password(from_input)}
    said = asyncio.run(ask(config, "POST", "/api/users", idle=True, json=body))
    tell(said, f"Made {said['name']} ({said['id']}) with the role {said['role']}.", as_json)


@user.command("list")
def listed(as_json: Json = False, config: Config = None) -> None:
    """List the users."""
    said = asyncio.run(ask(config, "GET", "/api/users", idle=True))
    if as_json:
        write_json(said)
    else:
        columns = ("id", "name", "role", "created_at", "last_login_at", "disabled_at", "second_factor", "sessions")
        write_table("Users", columns, said["items"])


@user.command("password")
def password(name: Name, from_input: FromInput = False, as_json: Json = False, config: Config = None) -> None:
    """Give a user another password; every session of theirs ends."""
    said = _post(name, "password", config, password=_password(from_input))
    tell(said, f"Changed the password of {said['changed']}; their sessions have ended.", as_json)


@user.command("role")
def role(name: Name, role: Role, as_json: Json = False, config: Config = None) -> None:
    """Give a user another role; every session of theirs ends."""
    said = _post(name, "role", config, role=role)
    tell(said, f"{said['user']} has the role {said['role']}; their sessions have ended.", as_json)


@user.command("disable")
def disable(name: Name, as_json: Json = False, config: Config = None) -> None:
    """Shut a user out; every session of theirs ends."""
    said = _post(name, "disable", config)
    tell(said, f"Shut out {said['disabled']}.", as_json)


@user.command("enable")
def enable(name: Name, as_json: Json = False, config: Config = None) -> None:
    """Let a user in again."""
    said = _post(name, "enable", config)
    tell(said, f"Let in {said['enabled']} again.", as_json)


@user.command("logout")
def logout(name: Name, as_json: Json = False, config: Config = None) -> None:
    """End every session of a user."""
    said = _post(name, "logout", config)
    tell(said, f"Ended {said['sessions_ended']} sessions.", as_json)


@user.command("no-code")
def no_code(name: Name, as_json: Json = False, config: Config = None) -> None:
    """Ask a user who lost their authenticator app for the password alone; every session of theirs ends."""
    path = f"/api/users/{quote(name, safe='')}/second-factor"
    said = asyncio.run(ask(config, "DELETE", path, idle=True))
    tell(said, f"Signing in asks {said['removed']} for no code any more.", as_json)


def _post(name: str, what: str, config: Config, **body: str) -> dict[str, str]:
    path = f"/api/users/{quote(name, safe='')}/{what}"
    said: dict[str, str] = asyncio.run(ask(config, "POST", path, idle=True, **({"json": body} if body else {})))
    return said
