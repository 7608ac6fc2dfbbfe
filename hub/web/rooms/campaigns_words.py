"""What the campaigns' pages call models, groups and ranks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hub.attribution.reports import Attribution
from hub.labels import label
from hub.web.tongue import N_, Tongue

BY: Mapping[str, str] = MappingProxyType(
    {
        "campaign": N_("Campaign"), "source": N_("Source"), "medium": N_("Medium"), "origin": N_("Platform"),
        "tag:party": N_("Party"), "ad_group": "", "utm_term": "", "utm_content": "",
    }
)  # fmt: skip
"""What the page can divide by; what has no word here is a field of the touch, which has its own."""

RANKS: Mapping[str, str] = MappingProxyType(
    {
        "return": N_("Value for its cost"), "value": N_("Value won"), "cost_per_won": N_("Cost per won lead"),
        "cost_per_qualified": N_("Cost per qualified lead"), "cost_per_lead": N_("Cost per lead"),
        "won": N_("Won leads"), "qualified": N_("Qualified leads"), "leads": N_("Leads"), "cost": N_("Cost"),
        "returned_share": N_("Returned share"),
    }
)  # fmt: skip

MODELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "first": (N_("First touch"), N_("All credit goes to the touch that found the lead first.")),
        "last": (N_("Last touch"), N_("All credit goes to the last touch before the outcome.")),
        "last_non_direct": (
            N_("Last non-direct touch"),
            N_("All credit goes to the last touch that a campaign or another site brought."),
        ),
        "linear": (N_("Linear"), N_("Every touch gets the same credit.")),
        "u_shaped": (N_("U-shaped"), N_("40 %% to the first touch, 40 %% to the last, 20 %% to those between.")),
        "w_shaped": (
            N_("W-shaped"),
            N_(
                "30 %% each to the first touch, the one that made the lead and the one that qualified it; "
                "10 %% to the others."
            ),
        ),
        "time_decay": (N_("Time decay"), N_("The closer a touch is to the outcome, the more credit it gets.")),
    }
)

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "first": N_("first touch"), "created": N_("touch that made the lead"),
        "qualified": N_("touch that qualified it"), "last": N_("last touch"), "others": N_("all others"),
    }
)  # fmt: skip


def divisions(tongue: Tongue, now: str) -> list[list[str]]:
    """Return what the page can divide by, with its words; `now` is in it even when the page does not offer it."""
    return [[name, dimension(name, tongue)] for name in dict.fromkeys((*BY, now))]


def dimension(name: str, tongue: Tongue) -> str:
    """Return what people call one thing to divide by."""
    if BY.get(name):
        return tongue.say(BY[name])
    if name.startswith("tag:"):
        return tongue.say(N_("Tag %(name)s"), name=name[4:])
    if "," in name:
        return " / ".join(dimension(part.strip(), tongue) for part in name.split(","))
    words = label(name, tongue.language)
    return words[:1].upper() + words[1:]


def models(maker: Attribution, tongue: Tongue) -> list[dict[str, Any]]:
    """Return every model with its name and a plain sentence."""
    return [
        {"model": name, "name": model_name(name, tongue), "says": _sentence(name, maker, tongue)}
        for name in maker.models()
    ]


def model_name(name: str, tongue: Tongue) -> str:
    """Return what people call a model."""
    return tongue.say(MODELS[name][0]) if name in MODELS else name


def _sentence(name: str, maker: Attribution, tongue: Tongue) -> str:
    own = maker.settings.models.get(name)
    if own is not None:
        shares = {place: getattr(own, place) for place in PLACES}
        whole = sum(shares.values())
        return ", ".join(
            f"{tongue.say(PLACES[place])} {tongue.percent(share / whole)}" for place, share in shares.items() if share
        )
    return tongue.say(MODELS[name][1]) if name in MODELS else maker.says(name)


def ranks(tongue: Tongue) -> list[list[str]]:
    """Return what lines can be ranked by, with its words."""
    return [[name, tongue.say(words)] for name, words in RANKS.items()]
