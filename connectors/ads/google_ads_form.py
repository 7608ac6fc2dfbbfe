"""Google Ads lead forms: takes the leads that forms of all campaigns post, and reads the ad account to fill gaps."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub import (
    BadInput,
    GoogleAdsPoll,
    Inbound,
    RawLead,
    Receipt,
    Reply,
    Unverified,
    WebhookSource,
    check_key,
    hookimpl,
    instant,
    objects,
    secrets_of,
)

IDS = ("form_id", "campaign_id", "adgroup_id", "creative_id", "asset_group_id")
PLAIN = ("lead_id", "gcl_id", "api_version", "lead_stage", "lead_submit_time")


class GoogleAdsForm(WebhookSource, GoogleAdsPoll):
    """The webhook of a lead form asset, whose address and key are typed in there; beside it, a poll of ad accounts."""

    name = "google_ads_form"
    title = "Google Ads lead form"
    docs_url = "https://developers.google.com/google-ads/webhook/docs/implementation"
    confirmed = (
        "the key stands in the body as google_key; a sample spells it Google_key (vendor docs)",
        "ids are int64, dummy or 0 where the format has none; lead_submit_time is ISO 8601 (vendor docs)",
        "a 4xx is never sent again, a 5xx is (vendor docs, as quoted in receivers)",
        "test leads have is_test and a lead_id that starts with TeSter-123- (receivers)",
        "lead_form_submission_data is filtered and sorted by id and submission_date_time only (fields reference, v26)",
        "submission_date_time is told in the account's time zone, with its offset (fields reference)",
        "searchSettings.returnTotalResultsCount counts without regard to LIMIT (public clients)",
    )
    unconfirmed = (
        "the API's id is the webhook's lead_id; where it is not, set `fill_gaps: false`, or each lead comes twice",
        "a time may stand beside the date in the filter; leads can be read for 30 to 60 days",
        "a basic developer token has 15,000 operations a day; a poll of an account takes two or more",
    )
    signed = False
    answers: ClassVar[Mapping[int, int]] = {
        404: 503,
        408: 503,
        409: 503,
        410: 503,
        423: 503,
        425: 503,
        429: 503,
    }  # a 4xx would lose the lead

    class Config(GoogleAdsPoll.Config):
        secret: SecretStr = Field(description="The key typed into the lead form asset.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        try:
            body = inbound.json_object()
        except BadInput as error:
            raise Unverified(f"There is no google_key: {error.reason}") from error
        given = next((value for name, value in body.items() if name.lower() == "google_key"), None)
        check_key(given if isinstance(given, str) else None, secrets_of(self.config), "google_key")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        columns = body.get("user_column_data")
        if not isinstance(columns, list):
            raise BadInput("The lead has no list user_column_data.")
        lead = _text(body.get("lead_id"))
        known = {name: _text(body.get(name)) for name in PLAIN}
        known |= {name: _text(body.get(name)) for name in IDS if body.get(name) not in (0, "0")}
        other = {name: value for name, value in body.items() if name.lower() not in _TAKEN}
        yield RawLead(
            key=lead,
            data={**other, **_answers(columns), **{name: value for name, value in known.items() if value}},
            submitted_at=instant(body.get("lead_submit_time")),
            test=body.get("is_test") in (True, "true") or (lead or "").startswith("TeSter-123-"),
        )

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        return Reply.json({})


_TAKEN = {*IDS, *PLAIN, "user_column_data", "google_key", "is_test"}  # google_key is a secret: it ends here


def _answers(columns: list[Any]) -> dict[str, Any]:
    """Return the answers by column id; of an id that comes twice, both."""
    answers: dict[str, Any] = {}
    for column in objects(columns):
        name = str(column.get("column_id") or column.get("column_name") or "answer")
        value = column.get("string_value", "")
        answers[name] = [*_listed(answers[name]), value] if name in answers else value
    return answers


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "" else None


@hookimpl
def hub_register() -> Iterable[type[GoogleAdsForm]]:
    yield GoogleAdsForm
