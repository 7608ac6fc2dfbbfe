"""WeCom (企业微信): post a message about each lead through a group robot."""

from collections.abc import Iterator

from pydantic import Field

from hub import Codes, Message, Request, RobotSink, hookimpl, utf8_size, wecom_markdown

TEXT_BYTES = 4096


class WeCom(RobotSink):
    """A WeCom group, reached through the webhook of a group robot."""

    name = "wecom"
    title = "WeCom (企业微信)"
    docs_url = "https://developer.work.weixin.qq.com/document/path/91770"
    confirmed = (
        "A robot may send 20 messages a minute (vendor docs); more is answered with errcode 45009 (public issues)",
        "Markdown has at most 4,096 bytes in UTF-8 (vendor docs); more is answered with errcode 40058 (public issues)",
        "Markdown knows headings, bold, links, code, quotes, colours and <@userid>, and no escapes (vendor docs)",
        "A robot's webhook is not signed: its address is the credential (vendor docs)",
    )
    unconfirmed = (
        "What the codes 930xx, 40033 and 44004 mean; an unknown code is tried again",
        "Whether <@all> mentions everybody in markdown; `mention` can name people instead",
    )
    rate = 0.3
    code_names = (("errcode", "errmsg"),)
    codes = Codes(
        ok="0",
        retry="-1",
        busy="45009 45033",
        misconfigured="93000 93004 93008 40001 40008 40013 41001 60020",
        reject="40033 40058 44004",  # characters, a parameter or a length that WeCom refuses
    )

    class Config(RobotSink.Config):
        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to a WeCom user id or `all`.",
        )

    config: Config

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts the message."""
        mark = f"\n<@{whom}>" if whom else ""
        text = message.fitted(lambda short: short.markdown(wecom_markdown), TEXT_BYTES - utf8_size(mark))
        return self.posted(self.config.webhook, {"msgtype": "markdown", "markdown": {"content": text + mark}})


@hookimpl
def hub_register() -> Iterator[type[WeCom]]:
    """Register the connector."""
    yield WeCom
