"""Gets a vendor's consent: the address of its page, and the tokens for the code that comes back, kept sealed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from hub.app.tokens import place_of, put, safe_of
from hub.errors import ConfigError, LeadhubError, Misconfigured, Retry, Unclear
from hub.families.oauth import ConsentPage, OAuthCaller
from hub.http import Request, Response, basic, readable
from hub.outgoing.credential import Token
from hub.outgoing.transmit import transmit
from hub.store import audit
from hub.store.audit import Actor

if TYPE_CHECKING:
    from hub.app.hub import Hub

STATE, VERIFIER = 32, 64  # characters; RFC 7636 wants 43 at least for the second


@dataclass(frozen=True, slots=True)
class Begun:
    """A consent that was asked for: the page's address, and what proves that the answer is to this question."""

    name: str
    connector: str
    url: str
    state: str
    verifier: str
    scope: str


def begin(hub: Hub, name: str, redirect: str) -> Begun:
    """Return the address of the vendor's consent page, which sends the person on to `redirect`; raises ConfigError."""
    _, connector, page = _asked(hub, name)
    safe_of(hub)  # before anybody consents to what could not be kept
    state, verifier = generate_token(STATE), generate_token(VERIFIER)
    challenge = {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
    own = {"response_type": "code", "redirect_uri": redirect, "state": state, **(challenge if page.pkce else {})}
    url = prepare_grant_uri(page.authorize_url, page.client_id, scope=page.scope or None, **own, **page.asked)
    return Begun(name, connector.name, url, state, verifier, page.scope)


async def finish(hub: Hub, begun: Begun, redirect: str, answer: str, by: Actor) -> dict[str, Any]:
    """Exchange the code in the address that the vendor sent the person on to, and keep the tokens sealed.

    Raises ConfigError for an answer to another question, a consent that was refused, and a code that is not taken.
    """
    kind, connector, page = _asked(hub, begun.name)
    code = _code(connector, begun, answer)
    request = _exchange(page, code, redirect, begun.verifier if page.pkce else None)
    token = _token(connector, await _sent(hub, connector, request))
    if not token.refresh:
        raise ConfigError(
            f"{connector.title} gave a token that ends, and no refresh token. Let the app ask for lasting access there "
            f"(asked for was {page.scope!r}), and run `leadhub connect {begun.name}` again."
        )
    until = await put(hub, place_of(kind, begun.name, connector), token)
    data = {"name": begun.name, "kind": kind, "connector": connector.name}
    await hub.db.write(audit.note, "consent.connected", by=by, at=hub.clock.now(), data=data)
    return {**data, "scope": page.scope, "until": until}


def _asked(hub: Hub, name: str) -> tuple[str, OAuthCaller, ConsentPage]:
    """Return a sink or source, which of both it is, and its consent page; raises ConfigError where it has none."""
    plan = hub.plan
    found = [(kind, held[name]) for kind, held in (("sink", plan.sinks), ("source", plan.sources)) if name in held]
    if not found:
        known = ", ".join(sorted({*plan.sinks, *plan.sources}))
        raise ConfigError(f"There is no sink or source {name[:64]!r}. Known: {known}.")
    able = [(kind, one, one.consent_page()) for kind, one in found if isinstance(one, OAuthCaller)]
    for kind, connector, page in able:
        if page is not None:
            return kind, connector, page
    kind, used = found[0][0], found[0][1].name
    needs = " without `client_id` and `client_secret` in its settings" if able else ""
    raise ConfigError(f'{kind.title()} "{name}" ({used}) takes no consent{needs}: see docs/connectors/{used}.md.')


def _code(connector: OAuthCaller, begun: Begun, answer: str) -> str:
    """Return the code in an address; raises ConfigError."""
    again = f"Run `leadhub connect {begun.name}` again"
    said = dict(parse_qsl(urlsplit(answer.strip()).query))
    if not hmac.compare_digest(said.get("state", "").encode(), begun.state.encode()):
        raise ConfigError(f"The answer is not to this question: its state is another one. {again}, in one browser.")
    if "error" in said:
        words = said.get("error_description") or said["error"]
        raise ConfigError(f"{connector.title} says that the consent was refused: {words[:200]!r}. {again} to give it.")
    if not said.get("code"):
        raise ConfigError(f"The address has no code. Paste it whole, as the browser shows it. {again}.")
    return said["code"]


def _exchange(page: ConsentPage, code: str, redirect: str, verifier: str | None) -> Request:
    """Return the request that exchanges a code (RFC 6749, 4.1.3)."""
    bound = {"code_verifier": verifier} if verifier else {}
    form = dict(parse_qsl(prepare_token_request("authorization_code", "", redirect, code=code, **bound)))
    headers = {"Accept": "application/json"}
    if page.in_header:
        headers["Authorization"] = basic(page.client_id, page.client_secret)
    else:
        form |= {"client_id": page.client_id, "client_secret": page.client_secret}
    return Request("POST", page.token_url, headers=headers, form=form)


async def _sent(hub: Hub, connector: OAuthCaller, request: Request) -> Response:
    where = request.url.split("?")[0]
    try:
        response = await transmit(request, request.headers, hub.http, connector.config.timeout)
    except (Retry, Unclear, Misconfigured) as error:
        raise LeadhubError(f"The code was not exchanged at {where}: {error.reason}") from error
    said = readable(response)
    said = said if isinstance(said, dict) else {}
    told, words = said.get("error"), str(said.get("error_description") or "")[:200]
    if response.status < 300 and not told:
        return response
    again = f"Run `leadhub connect {connector.instance}` again"
    if told in ("invalid_grant", "invalid_code"):  # the second is Zoho's
        raise ConfigError(
            f"{connector.title} does not take the code ({told}: {words!r}): it was used before, or is "
            f"too old. {again}, and consent within a few minutes."
        )
    if told in ("invalid_client", "unauthorized_client"):
        raise ConfigError(
            f"{connector.title} does not know the app ({told}: {words!r}). Check `client_id` and "
            f"`client_secret`. {again}."
        )
    what = str(told or response.excerpt())[:200]
    raise LeadhubError(f"{where} answered {response.status} to the code: {what!r} {words!r}. {again}.")


def _token(connector: OAuthCaller, response: Response) -> Token:
    try:
        return connector.token(response)
    except LeadhubError:
        raise
    except Exception as error:
        said = f"The answer to the code of {connector.title} cannot be read"
        raise LeadhubError(f"{said}: it has no token that fits.") from error
