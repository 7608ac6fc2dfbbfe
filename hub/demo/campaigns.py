"""Where the demo's leads come from: campaigns with their tags and click ids, and the texts people write."""

from __future__ import annotations

from random import Random
from typing import NamedTuple


class Campaign(NamedTuple):
    """One campaign of the demo company; `click` is the name of the click id its platform adds."""

    name: str
    utm_source: str
    utm_medium: str
    click: str = ""
    ids: tuple[int, int, int] = (0, 0, 0)  # campaign, ad set or asset group, ad


CHINESE_WEB = (
    Campaign("spring-demo", "baidu", "cpc", "bd_vid"),
    Campaign("brand-search", "baidu", "cpc", "bd_vid"),
    Campaign("mes-whitepaper", "wechat", "social"),
    Campaign("gdt-factory", "tencent", "paid_social", "qz_gdt"),
    Campaign("newsletter", "newsletter", "email"),
)
WESTERN_WEB = (
    Campaign("spring-demo", "google", "cpc", "gclid"),
    Campaign("brand-search", "bing", "cpc", "msclkid"),
    Campaign("retargeting", "linkedin", "paid_social", "li_fat_id"),
    Campaign("newsletter", "newsletter", "email"),
)
FACEBOOK = (
    Campaign(
        "Spring demo", "facebook", "paid_social", "", (120210000000000003, 120210000000000002, 120210000000000001)
    ),
    Campaign(
        "MES white paper", "instagram", "paid_social", "", (120210000000000013, 120210000000000012, 120210000000000011)
    ),
)
GOOGLE = (
    Campaign("spring-demo", "google", "cpc", "gclid", (991214827, 6432190001, 0)),
    Campaign("pmax-industry", "google", "cpc", "gclid", (991214901, 0, 0)),
)
PARTNERS = (Campaign("partner-1688", "1688", "partner"), Campaign("partner-directory", "directory", "partner"))

MESSAGES = {
    "CN": (
        "想了解一下报价，最好本周能联系。",
        "请安排产品演示，谢谢！",
        "我们有 3 个工厂需要上系统。",
        "请发一份资料到邮箱。",
    ),
    "US": (
        "Please call me this week.",
        "We run 3 plants and need a quote.",
        "Do you integrate with our CRM?",
        "Send details.",
    ),
    "GB": ("Could someone ring me back?", "We'd like a demo next Tuesday.", "Please send your price list."),
    "DE": ("Bitte um Rückruf.", "Wir suchen eine Lösung für drei Standorte.", "Bitte senden Sie mir Ihr Whitepaper."),
}
NOTES = {
    "CN": ("展台交流 10 分钟，意向强", "要样册；下周回访", "只是路过"),
    "US": ("hot, wants a demo", "send brochure; call next week", "student, low interest"),
    "GB": ("keen, decision in June", "met Anna at the booth"),
    "DE": ("sehr interessiert, Rückruf; bitte Angebot", "Broschüre mitgegeben"),
}


def touch(source: str, country: str, random: Random) -> dict[str, str]:
    """Return the marketing side of one appearance, under leadhub's touch names; empty for direct visits."""
    if source in ("website", "survey", "product"):
        return _visit(CHINESE_WEB if country == "CN" else WESTERN_WEB, random)
    stock = {"facebook": FACEBOOK, "google": GOOGLE, "partners": PARTNERS}.get(source)
    if stock is None:
        return {}
    campaign = random.choice(stock)
    known = {"campaign": campaign.name, "utm_source": campaign.utm_source, "utm_medium": campaign.utm_medium}
    return known | ({campaign.click: _click(random)} if campaign.click else {})


def ids(source: str, campaign: str) -> tuple[int, int, int]:
    """Return the platform's ids of a campaign: campaign, ad set or asset group, ad."""
    stock = FACEBOOK if source == "facebook" else GOOGLE
    return next(entry.ids for entry in stock if entry.name == campaign)


def _visit(stock: tuple[Campaign, ...], random: Random) -> dict[str, str]:
    page = {"page_url": f"https://www.example.com/{random.choice(('demo', 'pricing', 'white-paper'))}"}
    if random.random() < 0.2:
        return page | {"referrer": "https://search.example.org/"}
    campaign = random.choice(stock)
    tags = {
        "utm_source": campaign.utm_source,
        "utm_medium": campaign.utm_medium,
        "utm_campaign": campaign.name,
        "utm_content": random.choice(("a", "b")),
    }
    return page | tags | ({campaign.click: _click(random)} if campaign.click else {})


def _click(random: Random) -> str:
    return "Cj0K" + "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=28))
