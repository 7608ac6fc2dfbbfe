"""WhatsApp Cloud API: takes the messages people send to your number, with the ad they came from."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field

from hub import Inbound, MetaWebhook, RawLead, an_object, hookimpl, instant, objects, with_answers

PASSED = ("system", "reaction")  # a number that changed, a thumb under a message: nobody asks for anything
SAMPLE_ID, SAMPLE_NUMBER = "ABGGFlA5Fpa", "123456123"  # the App Dashboard's test event


class WhatsAppCloud(MetaWebhook):
    """The field `messages` of a WhatsApp Business Account: every message is a submission, and one person one lead.

    People are told by their phone number, or by their id (`user_id`) where they hide it behind a username. Such a lead
    has no phone and is answered in the chat.
    """

    name = "whatsapp_cloud"
    title = "WhatsApp Cloud API"
    chats = True
    docs_url = "https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages"
    confirmed = (
        "the signature is hex HMAC-SHA256 of the raw body under the app secret, after sha256= (vendor docs)",
        "a message has from, id (wamid…), timestamp in seconds and type; its sender stands in contacts with wa_id and "
        "profile.name (developers.facebook.com, webhooks/reference/messages/text)",
        "a message from an ad has referral with source_id (the ad), source_type, source_url and ctwa_clid, which is "
        "left out for ads in WhatsApp Status (same page)",
        "who takes a username has user_id, and from and wa_id may be missing (developers of pywa, 360dialog docs)",
        "a number that changed comes as type system, without contacts (same docs, messages/system)",
    )
    unconfirmed = (
        "a post that is not answered with 200 is sent again for up to 7 days; the message's id tells repeats",
        "referral stands only on the first message after a click",
        "answers of a flow stand as JSON in interactive.nfm_reply.response_json (public clients)",
        "the App Dashboard's test event is message ABGGFlA5Fpa to number 123456123 (public receivers)",
        "from_user_id in a message is the user_id of its contact",
    )

    class Config(MetaWebhook.Config):
        account_id: str | None = Field(
            None, description="Phone number id to take messages for; none: every number of the app."
        )

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        for value in self.changes(inbound, "messages"):
            number = an_object(value.get("metadata"))
            if self.config.account_id in (None, number.get("phone_number_id")):
                yield from _leads(value, number)


def _leads(value: Mapping[str, Any], number: Mapping[str, Any]) -> Iterator[RawLead]:
    contacts = objects(value.get("contacts"))
    for message in objects(value.get("messages")):
        if message.get("type") in PASSED:
            continue
        key = str(message.get("id") or "") or None
        test = key == SAMPLE_ID or number.get("phone_number_id") == SAMPLE_NUMBER
        data = {**number, **_contact(message, contacts), **message, **_found(message)}
        yield RawLead(key, with_answers(data, "flow"), instant(message.get("timestamp")), test)


def _contact(message: Mapping[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the contact who sent a message: a post can hold messages of several people."""
    ids = {str(message[name]) for name in ("from", "from_user_id") if message.get(name)}
    mine = (one for one in contacts if {str(one.get("wa_id")), str(one.get("user_id"))} & ids)
    return next(mine, contacts[0] if len(contacts) == 1 else {})


def _found(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands deep in a message: the phone number as E.164, the ad, and the answers of a flow."""
    sender, referral = str(message.get("from") or ""), an_object(message.get("referral"))
    reply = an_object(an_object(message.get("interactive")).get("nfm_reply"))
    return {
        **({"from_phone": f"+{sender}"} if sender.isascii() and sender.isdigit() else {}),
        **(
            {"from_ad": referral["source_id"]}
            if referral.get("source_type") == "ad" and "source_id" in referral
            else {}
        ),
        **({"flow": reply["response_json"]} if "response_json" in reply else {}),
    }


@hookimpl
def hub_register() -> Iterable[type[WhatsAppCloud]]:
    yield WhatsAppCloud
