"""The settings of plugins, read before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from hub.settings.shapes import Section

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal, as `leadhub check` and sha256sum print it."""


class PluginSettings(Section):
    """Which files of the folder plugins/ are loaded; without a word here, all of them."""

    pinned: Mapping[str, Digest] = Field(
        default_factory=dict,
        description="File name to SHA-256: a file that holds anything else is left out, with an alarm.",
    )
    only_pinned: bool = Field(False, description="Leave out every file that is not pinned, with an alarm.")
    any_owner: bool = Field(
        False, description="Load files that others may write, for file systems that know no owners and modes."
    )
