"""HubSpot forms: polls the submissions of forms, newest first, with the page each was made on."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import FormPoll, RawLead, Request, Sweep, bearer, hookimpl, instant, objects, recent, segment

PAGE = "50"  # the most there is
CONSENT = "LEGAL_CONSENT.subscription_type_"
TICKED = {"checked": True, "true": True, "unchecked": False, "not checked": False, "false": False}


class HubSpotForms(FormPoll):
    """Forms of one HubSpot account; HubSpot pushes no submissions, so they are read every two minutes."""

    name = "hubspot_forms"
    title = "HubSpot forms"
    docs_url = (
        "https://developers.hubspot.com/docs/api-reference/legacy/marketing/forms/v1/"
        "get-form-integrations-v1-submissions-forms-form_guid"
    )
    confirmed = (
        "submissions come newest first, 50 a page at most, with paging.next.after and no filter by time (vendor docs)",
        "each has conversionId, submittedAt in milliseconds, pageUrl and values; the scope is forms (vendor docs)",
    )
    unconfirmed = (
        "there is no webhook of a form; contact webhooks name a contact, not what was submitted",
        "a ticked subscription is a value LEGAL_CONSENT.subscription_type_N that says Checked",
        "several choices come as one value with semicolons, or under a name that stands twice: kept as they are",
        "100 requests in ten seconds are the smallest plan's limit; an answer 429 is waited out",
    )
    every = timedelta(minutes=2)

    class Config(FormPoll.Config):
        base_url: str = Field("https://api.hubapi.com", description="Address of the API.")
        token: SecretStr = Field(description="Service key or private app token with the scope forms.")
        forms: list[str] = Field(min_length=1, description="GUIDs of the forms, as in the address of their editor.")

    config: Config

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        params = {"limit": PAGE, **({"after": sweep.after} if sweep.after else {})}
        headers = {"Authorization": bearer(self.config.token)}
        path = f"/form-integrations/v1/submissions/forms/{segment(name)}"
        found, said = await self.rows(Request("GET", path, headers=headers, params=params), http, "results")
        leads = [_lead(name, item) for item in found]
        new = recent(leads, sweep)
        after = _mark(said) if len(new) == len(leads) else None  # what is older was read before
        return new, after


def _mark(said: Mapping[str, Any]) -> str | None:
    paging = said.get("paging")
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    return str(after) if after else None


def _lead(form: str, item: Mapping[str, Any]) -> RawLead:
    """Return a submission, its values by the names of their properties, and which subscriptions were ticked."""
    data: dict[str, Any] = {"form": form, **{name: value for name, value in item.items() if name != "values"}}
    consents: dict[str, Any] = {}
    answers: dict[str, list[Any]] = {}
    for one in objects(item.get("values")):
        name, value = str(one.get("name") or "value"), one.get("value")
        if name.startswith(CONSENT):
            consents[name.removeprefix(CONSENT)] = TICKED.get(str(value).lower(), value)
        else:
            answers.setdefault(name, []).append(value)
    for name, values in answers.items():
        data[f"{name} (answer)" if name in data else name] = values[0] if len(values) == 1 else values
    data |= {"consents": consents} if consents else {}
    key = item.get("conversionId")
    return RawLead(
        str(key) if isinstance(key, (str, int)) and str(key) else None, data, instant(item.get("submittedAt"))
    )


@hookimpl
def hub_register() -> Iterable[type[HubSpotForms]]:
    yield HubSpotForms
