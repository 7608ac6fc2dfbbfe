"""Reads feedback out of lists that know no time of change to go on by: what was read is counted."""

from __future__ import annotations

from typing import ClassVar

import httpx

from hub.families.streams import Place, Rows, Stream, StreamFeedback


class CountedFeedback(StreamFeedback):
    """Feedback out of such lists; authors' `rows` say whether there are more, and `Place.mark` is how many were read.

    The list is in an order that a change does not touch, or has what was changed last at its front.
    """

    newest_first: ClassVar[bool] = False  # then reading ends at the first record that was known before

    async def _page(self, stream: Stream, place: Place, http: httpx.AsyncClient) -> tuple[Rows, bool | str | None]:
        rows, more = await super()._page(stream, place, http)
        after = str(int(place.mark or 0) + len(rows)) if more and rows else None
        if not self.newest_first:
            return rows, after
        fresh = [row for row in rows if (at := stream.time(row)) is not None and at >= place.since]
        return fresh, after if len(fresh) == len(rows) else None
