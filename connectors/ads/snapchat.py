"""Snapchat lead generation: takes the leads that the public webhook of a form posts."""

from collections.abc import Iterable

from hub import BadInput, Inbound, RawLead, UnsignedSource, hookimpl, instant

TEST = ("johndoe@snapchat.com", "Snap Lead Generation Form")  # what the integration's test fires


class Snapchat(UnsignedSource):
    """The webhook of each form, set up by the Ads API; Snapchat has no call that reads leads again."""

    name = "snapchat"
    title = "Snapchat lead generation"
    docs_url = "https://developers.snap.com/api/marketing-api/Ads-API/lead-generation-ads"
    confirmed = (
        "one webhook per form posts the whole lead as one flat object; create_time is text in ms (vendor docs)",
        "the test of an integration posts johndoe@snapchat.com from Snap Lead Generation Form (vendor docs)",
        "there are up to eight custom fields and two consents (vendor docs)",
    )
    unconfirmed = (
        "an hmacSecret is issued, but header and digest are not published, so a key in the address is what is checked",
        "whether a lead is posted again after an error is not published; there is no call to read or count leads",
    )

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        if not any(body.get(name) for name in ("lead_id", "form_id")):
            raise BadInput("The post has neither lead_id nor form_id.")
        key = body.get("lead_id")
        yield RawLead(
            key=str(key) if isinstance(key, (str, int)) and key else None,
            data=body,
            submitted_at=instant(body.get("create_time")),
            test=body.get("email") == TEST[0] or body.get("form_name") == TEST[1],
        )


@hookimpl
def hub_register() -> Iterable[type[Snapchat]]:
    yield Snapchat
