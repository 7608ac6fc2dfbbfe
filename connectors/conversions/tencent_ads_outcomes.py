"""Tencent Ads 腾讯广告: tell Tencent what became of its leads, as the status of each lead in its lead platform."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from hub import (
    ConversionSink,
    Disposition,
    Lead,
    Outcome,
    Outcomes,
    Rejected,
    Request,
    Response,
    Sent,
    TencentMarketing,
    an_object,
    given_by,
    hookimpl,
    objects,
)

STATUS = "LEADS_CONVERT_STATUS_"
EVENTS: Mapping[Disposition, str] = {
    Disposition.QUALIFIED: "POTENTIAL_CUSTOMER",
    Disposition.OPPORTUNITY: "HIGH_INTENTION_CUSTOMER",
    Disposition.WON: "TRANS_COMPLETED",
    Disposition.UNQUALIFIED: "DEPRECATED",
    Disposition.INVALID: "DEPRECATED",
    Disposition.DUPLICATE: "DEPRECATED",
    Disposition.NO_ANSWER: "DEPRECATED",
}
REASONS: Mapping[Disposition, str] = {
    Disposition.UNQUALIFIED: "NO_INTENTION",
    Disposition.INVALID: "EMPTY",
    Disposition.DUPLICATE: "DATA_DUPLICATION",
    Disposition.NO_ANSWER: "TEL_NOT_CONNECTED",
}


class TencentAdsOutcomes(TencentMarketing, ConversionSink):
    """The status of leads that Tencent's forms gave; they are known by leads_id, and need nothing hashed."""

    name = "tencent_ads_outcomes"
    title = "Tencent Ads outcomes (腾讯广告线索回传)"
    docs_url = "https://developers.e.qq.com/v3.0/docs/api/leads_status/update"
    confirmed = (
        "leads_status/update takes 1 to 50 leads of one account, found by leads_id (LEADSID) (vendor docs)",
        "leads_convert_type ends in DEPRECATED, POTENTIAL_CUSTOMER, HIGH_INTENTION_CUSTOMER or TRANS_COMPLETED (docs)",
        "leads_ineffect_reason says why a lead is not good, in seven words (vendor docs)",
        "fail_leads_list names the leads that were not taken by their place in the question (vendor docs)",
        "A status is set, not added, so that a repeat changes nothing (vendor docs)",
    )
    unconfirmed = (
        "How old an outcome may be; `window_days` says 90",
        "Codes past those of access (11xxx) refuse what was asked; the leads of an account that is not yours are such",
        "Which word the lead platform shows for each reason; `reasons` changes them",
    )
    unknown = "reject"
    repeatable = True
    batch = 50
    rate = 5.0
    idempotency_header = None

    class Config(TencentMarketing.Config, ConversionSink.Config):
        account_id: str = Field(pattern="^[0-9]+$", description="Id of the ad account whose leads are told of.")
        events: dict[Disposition, str] = Field(
            dict(EVENTS), description="Dispositions that are told, each with the end of Tencent's leads_convert_type."
        )
        reasons: dict[Disposition, str] = Field(
            dict(REASONS), description="Why a lead is DEPRECATED: the end of Tencent's leads_ineffect_reason."
        )
        sources: tuple[str, ...] = Field(
            ("tencent_ads",), description="Names of your sources whose leads come from Tencent's own forms."
        )
        window_days: float = Field(90, gt=0, le=90, description="How old an outcome may be when it is told, in days.")

    config: Config

    def wants(self, lead: Lead) -> bool:
        """Return whether the lead came from one of Tencent's own forms."""
        return self._number(lead) is not None

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse an outcome that is too old, or of a lead that Tencent does not know."""
        said = "The lead has no leads_id of one of the `sources`, by which alone it is known at Tencent's."
        return super().refuse(lead) or (None if self.wants(lead) else Rejected(said))

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the statuses of a batch, in order."""
        body = {"account_id": int(self.config.account_id), "match_type": "LEADSID"}
        statuses = [self._status(lead) for lead in leads]
        return Request(
            "POST",
            f"/{self.config.version}/leads_status/update",
            json={**body, "leads_conversion_status_list": statuses},
        )

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return Sent for all but the leads that are named as not taken."""
        said = an_object(an_object(response.json())["data"])
        failed = {one.get("index") for one in objects(said.get("fail_leads_list"))}
        return [self._outcome(index in failed, lead) for index, lead in enumerate(leads)]

    def key(self, lead: Lead) -> str:
        """Return the id of the lead: of two statuses at once nobody could say which one stays."""
        return str(self._number(lead))

    def _status(self, lead: Lead) -> dict[str, Any]:
        word = self.event(lead) if lead.occasion else ""
        reason = self.config.reasons.get(lead.occasion.disposition) if lead.occasion else None
        bad = {"leads_ineffect_reason": f"LEADS_INEFFECT_REASON_{reason}"} if word == "DEPRECATED" and reason else {}
        return {"leads_id": self._number(lead), "leads_convert_type": STATUS + word.removeprefix(STATUS), **bad}

    def _number(self, lead: Lead) -> int | None:
        """Return the leads_id, which Tencent's own leads carry."""
        said = given_by(lead, self.config.sources)
        return int(said) if said and said.isascii() and said.isdigit() else None

    def _outcome(self, failed: bool, lead: Lead) -> Outcome:
        there = str(self._number(lead))
        return Rejected("Tencent does not know the lead in this account.") if failed else Sent(there)


@hookimpl
def hub_register() -> Iterator[type[TencentAdsOutcomes]]:
    """Register the connector."""
    yield TencentAdsOutcomes
