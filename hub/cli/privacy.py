"""erase, unerase, consent, hold and retention: what people may ask of their data, and what time takes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.office import ask, call, client
from hub.cli.serve import Config
from hub.cli.tell import Json, console, tell, write_json, write_table
from hub.errors import LeadhubError

consent = typer.Typer(help="What people said about being contacted.", no_args_is_help=True)
hold = typer.Typer(help="Leads that may not be deleted, for a legal reason.", no_args_is_help=True)

Lead = Annotated[str, typer.Argument(metavar="LEAD", help="A lead's id, an e-mail address or a phone number.")]
Channel = Annotated[str, typer.Option(help="email, phone, sms or wechat; without: all.")]
Recipient = Annotated[str, typer.Option(help="Only this sink; without: all.")]
Email = Annotated[str | None, typer.Option(help="The person's e-mail address.")]
Phone = Annotated[str | None, typer.Option(help="The person's phone number.")]
Key = Annotated[str | None, typer.Option("--person", help="Any key of the person: a WeChat id or a lead's id, too.")]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("erase")(erase)
    app.command("unerase")(unerase)
    app.add_typer(consent, name="consent")
    app.add_typer(hold, name="hold")
    app.command("retention")(retention)


def erase(
    email: Email = None,
    phone: Phone = None,
    person: Key = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go; erase nothing.")] = False,
    certificate: Annotated[Path | None, typer.Option(help="File to write the certificate to; .json or .txt.")] = None,
    language: Annotated[str, typer.Option(help="Language of the certificate: en or zh.")] = "en",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Erase one person from every table, queue and file of ours, and say what others hold of them."""
    if not email and not phone and not person:
        raise LeadhubError("Name --email, --phone or --person.")
    if not yes and not dry_run:
        typer.confirm("This cannot be undone. Erase the person?", abort=True)
    body = {"email": email, "phone": phone, "key": person, "dry_run": dry_run}
    said = asyncio.run(ask(config, "POST", "/api/erase", json=body, idle=True))
    if certificate is not None and said.get("text"):
        _keep(certificate, said, language)
    if as_json:
        write_json(said)
    elif not said["leads"] and not said["counts"]:
        console().print("Nobody with that address, number or key is here.")
    elif dry_run:
        _tell_preview(said)
    else:
        console().print(said["text"]["zh" if language == "zh" else "en"], markup=False, soft_wrap=True)


def _keep(file: Path, said: dict[str, Any], language: str) -> None:
    whole = json.dumps(said, ensure_ascii=False, indent=2)
    file.write_text(
        whole if file.suffix.lower() == ".json" else said["text"]["zh" if language == "zh" else "en"], "utf-8"
    )
    file.chmod(0o600)


def _tell_preview(said: dict[str, Any]) -> None:
    rows = [{"what": what, "rows": number} for what, number in said["counts"].items()]
    write_table(f"Would erase {', '.join(said['leads'])}", ("what", "rows"), rows)
    write_table("Held by", ("sink", "lead", "ref", "delivery"), said["sinks"])


def unerase(
    email: Email = None,
    phone: Phone = None,
    person: Annotated[
        str | None, typer.Option("--person", help="Any key of the person, or the erasure: era_….")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Let an erased person come back, by their own will: what they send from now on is taken in."""
    body = {"email": email, "phone": phone, "key": person}
    said = asyncio.run(ask(config, "POST", "/api/unerase", json=body, idle=True))
    tell(said, f"They may come back. Lifted: {', '.join(said['lifted'])}.", as_json)


@consent.command("show")
def show(lead: Lead, as_json: Json = False, config: Config = None) -> None:
    """Show what a person said about being contacted, oldest first."""
    said = asyncio.run(ask(config, "GET", f"/api/leads/{lead}/consents", idle=True))
    columns = ("at", "state", "channel", "recipient", "by", "wording_hash", "page_url", "certificate")
    write_json(said) if as_json else write_table("Consent", columns, said["items"])


@consent.command("withdraw")
def withdraw(
    lead: Lead, channel: Channel = "", recipient: Recipient = "", as_json: Json = False, config: Config = None
) -> None:
    """Take a person's consent back: what waits to be sent is stopped."""
    body = {"channel": channel, "recipient": recipient}
    said = asyncio.run(ask(config, "POST", f"/api/leads/{lead}/withdraw", json=body, idle=True))
    tell(said, f"{said['lead']}: withdrawn. {said['deliveries_stopped']} deliveries stopped.", as_json)


@consent.command("give")
def give(
    lead: Lead,
    wording: Annotated[str, typer.Option(help="The words the person agreed to.")],
    channel: Channel = "",
    recipient: Recipient = "",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Note a consent that came some other way."""
    body = {"channel": channel, "recipient": recipient, "wording": wording}
    said = asyncio.run(ask(config, "POST", f"/api/leads/{lead}/consents", json=body, idle=True))
    tell(said, f"{said['lead']}: noted.", as_json)


@consent.command("link")
def link(lead: Lead, channel: Channel = "", as_json: Json = False, config: Config = None) -> None:
    """Print the link by which a person takes the consent back."""
    said = asyncio.run(ask(config, "POST", f"/api/leads/{lead}/unsubscribe-link", json={"channel": channel}, idle=True))
    tell(said, said["url"], as_json)


@hold.command("set")
def hold_set(
    lead: Lead,
    reason: Annotated[str, typer.Option(help="Why, such as a case number; no personal data.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Keep a lead from retention, and its consent records whole."""
    said = asyncio.run(ask(config, "POST", f"/api/leads/{lead}/hold", json={"reason": reason}, idle=True))
    tell(said, f"{said['lead']} is held.", as_json)


@hold.command("lift")
def hold_lift(lead: Lead, as_json: Json = False, config: Config = None) -> None:
    """Lift the legal hold of a lead."""
    said = asyncio.run(ask(config, "DELETE", f"/api/leads/{lead}/hold", idle=True))
    tell(said, f"{said['lead']} is not held any more.", as_json)


def retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go, rule by rule; delete nothing.")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Delete what has reached the age that hub.yaml gives, as every night."""
    said = asyncio.run(_retention(dry_run, config))
    if as_json:
        write_json(said)
    elif dry_run:
        write_table("Would go", ("kind", "source", "before", "due", "now"), said["items"])
    else:
        write_table("Deleted", ("what", "rows"), [{"what": kind, "rows": number} for kind, number in said.items()])


async def _retention(dry_run: bool, config: Path | None) -> Any:
    async with client(config, idle=True) as http:
        return await call(http, "GET" if dry_run else "POST", "/api/retention")
