"""Tells an auction in words: who was asked, who bid what, who got the lead and why not the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from hub.consents import NO_CONSENT, WAS_WITHDRAWN
from hub.explain.phrases import aside, headed
from hub.labels import Language

Note = Mapping[str, Any]

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # the sentence
        "highest": ("{buyer} bid {price}, the highest of {count}", "{buyer} 出价 {price}，为 {count} 个有效报价中最高"),
        "equal": (
            "{buyer} bid {price}, as much as others, and has waited longest",
            "{buyer} 出价 {price}，与他人相同，且等待最久",
        ),
        "only": ("{buyer} bid {price}, the only bid that counts", "{buyer} 出价 {price}，为唯一有效报价"),
        "first": (
            "{buyer} bid {price} and comes first in the waterfall",
            "{buyer} 出价 {price}，在瀑布顺序中排在最前",
        ),
        # the trail
        "held": ("route {route}: sold to {buyer} for {price}", "路由 {route}：以 {price} 售给 {buyer}"),
        "nobody": (
            "route {route}: nobody bid enough, its own sinks get the lead",
            "路由 {route}：无人出价达标，线索送往该路由自己的去处",
        ),
        "test": ("a test lead is not offered to buyers", "测试线索，不向买家询价"),
        "trial": ("in a trial no buyer is asked", "试运行不向买家询价"),
        "open": ("it is being sold already", "该线索正在出售中"),
        "sold": ("it was sold before", "该线索此前已售出"),
        "known": ("it was given away before, so buyers are not asked", "该线索此前已送出，不再向买家询价"),
        "bid": ("bid {price}", "出价 {price}"),
        "after": ("after {ms} ms", "用时 {ms} 毫秒"),
        "winner": ("gets the lead", "获得线索"),
        "next": ("is number {place} in line", "排在第 {place} 位"),
        "floor": ("below the floor of {floor}", "低于底价 {floor}"),
        "currency": ("not in {currency}", "币种不是 {currency}"),
        "expired": ("the bid had expired already", "报价已过期"),
        "odd": ("the bid makes no sense", "报价无法识别"),
        "late": ("no answer within {within} ms", "{within} 毫秒内没有答复"),
        "refused": ("does not want it", "不需要该线索"),
        "failed": ("could not be asked", "无法询价"),
        "paused": ("not asked, the sink is paused", "未询价：该去处已暂停"),
        "off": ("not asked, the sink is switched off", "未询价：该去处已关闭"),
        "outside": ("not asked, it keeps data outside the allowed regions", "未询价：其数据存于允许范围之外"),
        "has_it": ("not asked, another route gives it the lead", "未询价：另一条路由已把线索给它"),
        "no_consent": ("not asked, there is no consent for it", "未询价：没有相应的同意"),
        "withdrawn": ("not asked, the consent was withdrawn", "未询价：同意已被撤回"),
    }
)

_WHY: Mapping[str, str] = MappingProxyType({NO_CONSENT: "no_consent", WAS_WITHDRAWN: "withdrawn"})


def sold(note: Note, language: Language) -> str:
    """Return who bought the lead and why; empty when nobody did."""
    if note.get("reason") != "sold":
        return ""
    held: Note = next((one for one in note.get("auctions") or () if one.get("winner")), {})
    counting = [bid for bid in held.get("bids") or () if "price" in bid and not bid.get("why")]
    if not counting:
        return ""
    key = "first" if held.get("order") == "waterfall" else "only" if len(counting) == 1 else "highest"
    key = "equal" if held.get("equal") else key
    return _say(key, language, buyer=held["winner"], price=_price(counting[0]), count=len(counting))


def lines(note: Note, language: Language) -> Iterator[str]:
    """Yield a line for each auction, and under it one for each buyer."""
    held = note.get("auctions") or ()
    if not held:
        yield _say(str(note.get("reason", "trial")), language)
    for one in held:
        counting = [bid for bid in one.get("bids") or () if "price" in bid and not bid.get("why")]
        if one.get("winner"):
            yield _say("held", language, route=one.get("route"), buyer=one["winner"], price=_price(counting[0]))
        else:
            yield _say("nobody", language, route=one.get("route"))
        for bid in one.get("bids") or ():
            place = counting.index(bid) if bid in counting else -1
            yield headed(str(bid.get("buyer")), _bid(bid, one, place, language), language)


def _bid(bid: Note, auction: Note, place: int, language: Language) -> str:
    said = [_say("bid", language, price=_price(bid))] if "price" in bid else []
    if bid.get("ms") is not None and bid.get("why") != "late":
        said.append(_say("after", language, ms=bid["ms"]))
    why = str(bid.get("why") or "")
    floor = _price({"price": auction.get("floor"), "currency": auction.get("currency")})
    values = {
        "floor": floor,
        "currency": auction.get("currency"),
        "within": round(float(auction.get("within") or 0) * 1000),
    }
    if why:
        said.append(_say(_WHY.get(why, why), language, **values))
    else:
        said.append(_say("next" if place else "winner", language, place=place + 1))
    told = ("，" if language == "zh" else ", ").join(said)
    return told + aside(str(bid["said"]), language) if bid.get("said") else told


def _say(key: str, language: Language, **values: Any) -> str:
    return _WORDS[key][language == "zh"].format(**values) if key in _WORDS else key


def _price(bid: Note) -> str:
    return f"{float(bid.get('price') or 0):.2f} {bid.get('currency') or ''}".strip()
