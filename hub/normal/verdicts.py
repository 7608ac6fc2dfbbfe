"""What a cleaner says about one value, and every code it can say, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from hub.lead import Problem

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Cleaned(NamedTuple):
    """A cleaned value, whether it is valid (None: unknown), its parts, and codes for what is odd about it."""

    value: Any = None
    valid: bool | None = None
    parts: Mapping[str, Any] = NOTHING
    codes: tuple[str, ...] = ()


EMPTY = Cleaned()


class Saying(NamedTuple):
    """One sentence in the two languages of the dashboard."""

    english: str
    chinese: str


CODES: Mapping[str, Saying] = MappingProxyType(
    {
        "text_hidden": Saying("Invisible characters were taken out.", "已去除不可见字符。"),
        "text_control": Saying("Control characters were taken out.", "已去除控制字符。"),
        "text_broken": Saying("Some characters were lost before the text reached us.", "部分字符在到达之前已丢失。"),
        "text_mojibake": Saying(
            "The text looks as if it was read in the wrong encoding.", "文本像是用错误的编码读取的。"
        ),
        "text_cut": Saying("The text was cut to the usual length; the whole is kept.", "文本过长已截断；原文保留。"),
        "not_text": Saying(
            "A structure came where text belongs; it is kept in extra.", "此处应为文本却收到结构；已存入 extra。"
        ),
        "not_understood": Saying(
            "The value could not be read; it is kept as received.", "无法读取该值；已按原样保留。"
        ),
        "email_invalid": Saying("This is not an e-mail address.", "这不是有效的邮箱地址。"),
        "email_newline": Saying(
            "A line break stands inside the e-mail address; it was refused.", "邮箱地址中含有换行；已拒绝。"
        ),
        "email_several": Saying("There are several e-mail addresses; the first was taken.", "有多个邮箱；已取第一个。"),
        "email_extracted": Saying("The e-mail address was taken out of a longer text.", "邮箱是从较长文本中取出的。"),
        "email_disposable": Saying("This is a throw-away mailbox.", "这是一次性邮箱。"),
        "email_role": Saying("This mailbox belongs to a role, not to a person.", "这是公共邮箱，不属于个人。"),
        "email_mixed_script": Saying(
            "The e-mail address has letters that imitate others.", "邮箱中含有形似其他字母的字符。"
        ),
        "email_no_mx": Saying("The domain of this e-mail address takes no mail.", "该邮箱的域名不接收邮件。"),
        "phone_invalid": Saying("This is not a phone number.", "这不是有效的电话号码。"),
        "phone_no_country": Saying(
            "The country of this phone number is not known; it was not guessed.", "无法确定该号码所属国家；未作猜测。"
        ),
        "phone_no_area": Saying("The area code of this phone number is missing.", "该号码缺少区号。"),
        "phone_ambiguous": Saying(
            "This phone number is valid in more than one of the countries in question; the first was taken.",
            "该号码在多个候选国家均有效；已取第一个。",
        ),
        "phone_doubtful": Saying(
            "This phone number has the right length, but its range is not known to be in use.",
            "该号码长度正确，但号段未知。",
        ),
        "phone_excel_damaged": Saying(
            "A spreadsheet rounded this phone number; its last digits are lost.",
            "表格软件已将该号码取整；末位数字丢失。",
        ),
        "phone_zero_restored": Saying("The lost leading zero was put back.", "已补回丢失的首位零。"),
        "phone_several": Saying("There are several phone numbers; the first was taken.", "有多个电话；已取第一个。"),
        "phone_letters": Saying("The phone number stands among letters.", "电话号码中夹有字母。"),
        "phone_premium": Saying("This is a premium-rate phone number.", "这是高额收费号码。"),
        "wechat_unclear": Saying("This does not look like a WeChat id.", "这不像微信号。"),
        "country_unknown": Saying("No country is known by this name.", "没有以此为名的国家或地区。"),
        "language_unknown": Saying("No language is known by this name.", "没有以此为名的语言。"),
        "website_invalid": Saying("This is not a web address.", "这不是网址。"),
        "website_unsafe": Saying("Only http and https addresses are taken.", "仅接受 http 与 https 地址。"),
        "ip_invalid": Saying("This is not an IP address.", "这不是 IP 地址。"),
        "number_unclear": Saying("The number can be read in two ways or not at all.", "该数字有歧义或无法读取。"),
        "date_unclear": Saying("The date can be read in two ways or not at all.", "该日期有歧义或无法读取。"),
        "date_impossible": Saying("There is no such day.", "不存在这一天。"),
        "consent_unclear": Saying(
            "It is not clear whether consent was given; it counts as not given.", "无法确定是否同意；按未同意处理。"
        ),
        "time_zone_assumed": Saying(
            "The time came without a zone; the zone of the source was taken.", "时间未带时区；已按来源时区处理。"
        ),
        "time_in_gap": Saying("That local time was skipped by the clock change.", "该本地时间因夏令时切换而不存在。"),
        "time_in_future": Saying(
            "The time of submission lies ahead; the time of receipt was taken.", "提交时间在未来；已改用接收时间。"
        ),
        "time_impossible": Saying(
            "The time of submission cannot be right; the time of receipt was taken.", "提交时间不合理；已改用接收时间。"
        ),
        "required_missing": Saying("This field is required and is missing.", "该必填字段缺失。"),
        "unreachable": Saying(
            "There is no usable e-mail address, phone number or WeChat id.", "没有可用的邮箱、电话或微信号。"
        ),
        "spam": Saying("The submission looks as if a program sent it.", "该提交疑似由程序发送。"),
    }
)
"""Every code of the core, with what it means."""


def problem(field: str, code: str) -> Problem:
    """Return the problem of that code for that field, in English; the value itself is never quoted."""
    saying = CODES.get(code)
    return Problem(field=field, code=code, message=saying.english if saying else code)
