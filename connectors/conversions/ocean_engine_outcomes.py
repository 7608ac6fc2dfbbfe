"""Ocean Engine 巨量引擎: tell Douyin and Toutiao what became of their leads, as deep conversions of each lead."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from hub import (
    Codes,
    ConversionSink,
    Disposition,
    Lead,
    OceanMarketing,
    Outcomes,
    Rejected,
    Request,
    Response,
    Sent,
    Verdict,
    given_by,
    hookimpl,
    touched,
)

INVALID = "10000"
EVENTS: Mapping[Disposition, str] = {
    Disposition.QUALIFIED: "194",
    Disposition.OPPORTUNITY: "196",
    Disposition.WON: "285",
    Disposition.UNQUALIFIED: INVALID,
    Disposition.INVALID: INVALID,
    Disposition.NO_ANSWER: INVALID,
}
REASONS: Mapping[Disposition, str] = {
    Disposition.UNQUALIFIED: "CONNECTED_NO_INTENTION",
    Disposition.INVALID: "INVALID_NUMBER",
    Disposition.NO_ANSWER: "CALL_THREE_TIMES_NO_RESPONSE",
}


class OceanEngineOutcomes(OceanMarketing, ConversionSink):
    """States of leads, one in a call; a lead is known by its clue_id or its click, and nothing is hashed."""

    name = "ocean_engine_outcomes"
    title = "Ocean Engine outcomes (巨量引擎线索回传)"
    docs_url = "https://open.oceanengine.com/"
    confirmed = (
        "clue/callback takes advertiser_ids, clue_id or click_id, source 1 and clue_convert_state (ad_open_sdk_go)",
        "States: 194 confirmed, 195 added as a friend, 196 likely to buy, 527 visited, 285 paid, 10000 not valid "
        "(westng/oceanengine-sdk-php)",
        "event_data has reason_code, and reason_message for OTHER (public SDKs)",
        "Only leads of advertisers of the app's own legal entity may be told of (westng/oceanengine-sdk-php)",
        "Answers are 200 with a code, 0 when all went well; 40100 is the rate (bububa/oceanengine)",
    )
    unconfirmed = (
        "The reason codes, which are published for local leads (clue/life/callback); `reasons` changes them",
        "Whether a state that is told twice counts twice: after an ambiguous answer a person decides",
        "How old an outcome may be; `window_days` says 28",
        "Codes from 50000 on are trouble of the platform's; others that are not known refuse what was asked",
    )
    codes = Codes(ok="0", retry="40100", misconfigured="40002 40107", reject="40001")
    unknown = "reject"
    rate = 5.0
    idempotency_header = None

    class Config(OceanMarketing.Config, ConversionSink.Config):
        accounts: list[str] = Field(min_length=1, description="Ids of the advertisers whose leads are told of.")
        events: dict[Disposition, str] = Field(
            dict(EVENTS), description="Dispositions that are told, each with the number of Ocean Engine's state."
        )
        reasons: dict[Disposition, str] = Field(
            dict(REASONS), description="Why a lead is not valid (state 10000): Ocean Engine's reason_code."
        )
        sources: tuple[str, ...] = Field(
            ("ocean_engine",), description="Names of your sources whose leads come from Ocean Engine's own forms."
        )
        window_days: float = Field(28, gt=0, le=90, description="How old an outcome may be when it is told, in days.")

    config: Config

    def wants(self, lead: Lead) -> bool:
        """Return whether the lead came from one of the platform's own forms; a `clickid` may be anybody's."""
        return given_by(lead, self.config.sources) is not None

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse an outcome that is too old, or of a lead that the platform does not know."""
        said = "The lead has neither a clue_id of one of the `sources` nor a click id, by which the platform knows it."
        return super().refuse(lead) or (None if self._known(lead) else Rejected(said))

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the state of the one lead there is."""
        (lead,) = leads
        state = self.event(lead) if lead.occasion else ""
        reason = self.config.reasons.get(lead.occasion.disposition, "OTHER") if lead.occasion else "OTHER"
        body: dict[str, Any] = {
            "advertiser_ids": [int(one) if one.isascii() and one.isdigit() else one for one in self.config.accounts],
            **self._known(lead),
            "source": 1,
            "clue_convert_state": int(state) if state.isascii() and state.isdigit() else state,
            **({"event_data": {"reason_code": reason}} if state == INVALID else {}),
        }
        return Request("POST", "/open_api/2/tools/clue/callback/", json=body)

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return Sent with the platform's id of the request."""
        return [Sent(str(response.json().get("request_id") or "")) for _ in leads]

    def verdict(self, response: Response) -> Verdict:
        """Return what the code means; from 50000 on it is trouble of the platform's."""
        said, what = self.code(response), super().verdict(response)
        return "retry" if what == "reject" and said and len(said[0]) == 5 and said[0].startswith("5") else what

    def _known(self, lead: Lead) -> dict[str, str]:
        """Return by what the platform knows the lead; nothing where it does not."""
        clue, click = given_by(lead, self.config.sources), touched(lead, "clickid")
        return {"clue_id": clue} if clue else {"click_id": click} if click else {}


@hookimpl
def hub_register() -> Iterator[type[OceanEngineOutcomes]]:
    """Register the connector."""
    yield OceanEngineOutcomes
