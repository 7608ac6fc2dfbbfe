"""DingTalk (钉钉): post a message about each lead through a custom robot."""

from collections.abc import Iterator

from pydantic import Field, SecretStr

from hub import Codes, Message, Request, RobotSink, dingtalk_markdown, hookimpl, sign_hmac

TEXT_BYTES = 16_000  # the whole body may have 20,000


class DingTalk(RobotSink):
    """A DingTalk group, reached through the webhook of a custom robot."""

    name = "dingtalk"
    title = "DingTalk (钉钉)"
    docs_url = "https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages"
    confirmed = (
        "A robot may send 20 messages a minute; more, and it is mute for 10 minutes with errcode 130101 (vendor docs)",
        "sign = base64(HMAC-SHA256(secret, timestamp + newline + secret)), timestamp in milliseconds (vendor docs)",
        "A user is mentioned only when `at` lists the mobile number and the text has it too (vendor docs)",
        "310000 answers a wrong sign, a stale timestamp, a missing keyword or a foreign address (public issues)",
    )
    unconfirmed = (
        "What the codes 3000xx, 4001xx, 4301xx and 410100 mean; an unknown code is tried again",
        "The body may have 20,000 bytes",
    )
    rate = 0.25
    code_names = (("errcode", "errmsg"),)
    codes = Codes(
        ok="0",
        retry="-1",
        busy="130101 410100",
        misconfigured="310000 300001 300005 400013 400101 400102 400105 400106 40035 43004",
        reject="430101 430102 430103 430104",  # a link, text or image that DingTalk blocks
        pause_seconds=600,
    )

    class Config(RobotSink.Config):
        secret: SecretStr | None = Field(
            None, description="The robot's signing secret, starting with SEC, when it signs."
        )
        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to a mobile number or `all`.",
        )

    config: Config

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts the message, signed with the time of now."""
        mobile = whom if whom != "all" else None
        mark = f"\n\n@{mobile}" if mobile else ""
        text = message.fitted(lambda short: short.markdown(dingtalk_markdown, "\n\n"), TEXT_BYTES - len(mark))
        body = {
            "msgtype": "markdown",
            "markdown": {"title": dingtalk_markdown(message.title, 100), "text": text + mark},
            "at": {"atMobiles": [mobile] if mobile else [], "isAtAll": whom == "all"},
        }
        return self.posted(self.config.webhook, body, **self._signature())

    def _signature(self) -> dict[str, str]:
        if self.config.secret is None:
            return {}
        secret = self.config.secret.get_secret_value()
        timestamp = str(int(self.clock.now().timestamp() * 1000))
        sign = sign_hmac(secret.encode(), f"{timestamp}\n{secret}".encode(), encoding="base64")
        return {"timestamp": timestamp, "sign": sign}


@hookimpl
def hub_register() -> Iterator[type[DingTalk]]:
    """Register the connector."""
    yield DingTalk
