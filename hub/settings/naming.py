"""What hub.yaml says of campaign links: how their tags are written, and which campaigns there are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hub.settings.shapes import Section

Tag = Literal["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id"]


class PartNaming(Section):
    """A part that a name must have, such as the year in 2026-cn-spring."""

    name: str = Field(description="What people call the part.")
    values: tuple[str, ...] = Field((), description="What it may be; none: anything.")


class TagNaming(Section):
    """How one tag is written."""

    required: bool = Field(False, description="Every link has it.")
    values: tuple[str, ...] = Field((), description="What it may be; none: anything.")
    parts: tuple[PartNaming, ...] = Field((), description="Its parts in their order; the last may hold separators.")
    longest: int = Field(100, gt=0, le=500, description="Most characters.")


def _required() -> Mapping[Tag, TagNaming]:
    return {name: TagNaming(required=True) for name in ("utm_source", "utm_medium", "utm_campaign")}


class NamingSettings(Section):
    """How the tags of campaign links are written, so that one campaign has one name in every report."""

    lower: bool = Field(True, description="Only lower case: reports take Spring and spring for two campaigns.")
    letters: Literal["latin", "any"] = Field("latin", description="latin: a to z; any: letters of every script.")
    signs: str = Field("-_.", max_length=20, description="Characters allowed beside letters and digits.")
    separator: str = Field(
        "-",
        min_length=1,
        max_length=1,
        description="Stands between parts, and instead of spaces and what else is not allowed.",
    )
    tags: Mapping[Tag, TagNaming] = Field(
        default_factory=_required, description="Rules tag by tag; those that are not listed may be left out."
    )


class KnownCampaign(Section):
    """A campaign with its usual source and medium."""

    name: str = Field(min_length=1, max_length=100, description="Its name, as utm_campaign has it.")
    source: str | None = Field(None, max_length=100, description="Its utm_source, where it has only one.")
    medium: str | None = Field(None, max_length=100, description="Its utm_medium, where it has only one.")
    short: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_-]{1,32}$",
        description="Short tag that stands for it in a link: ?utm_id=SHORT. Leads get the campaign, source and medium.",
    )  # fmt: skip


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


Known = Annotated[KnownCampaign, BeforeValidator(_named)]


class LinkSettings(Section):
    """What the link builder knows; the section `campaigns` has it."""

    naming: NamingSettings = Field(
        default_factory=NamingSettings, description="How the tags of campaign links are written."
    )
    known: tuple[Known, ...] = Field(
        (),
        description="Campaigns that are offered: names, or {name: spring-demo, source: wechat, medium: qr, short: sd}.",
    )

    @cached_property
    def shorts(self) -> Mapping[str, Mapping[str, str]]:
        """Return the tags that each short tag stands for."""
        return {
            one.short: {
                name: value
                for name, value in (("utm_campaign", one.name), ("utm_source", one.source), ("utm_medium", one.medium))
                if value
            }
            for one in self.known
            if one.short
        }
