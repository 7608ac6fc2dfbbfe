"""Keeps one client address from taking all of the intake: it counts the requests of each that are inside."""

from __future__ import annotations

import logging

log = logging.getLogger("leadhub")


class Crowd:
    """The requests inside by client address; one loop asks, so a plain count does.

    An address that is known to nobody ("", such as of a local socket) is never turned away. Each process counts for
    itself.
    """

    def __init__(self) -> None:
        self._inside: dict[str, int] = {}
        self._told: set[str] = set()

    def enter(self, client: str, most: int) -> bool:
        """Let a request in, unless so many of its client are inside (0: any number); who is let in must `leave`."""
        inside = self._inside.get(client, 0)
        if client and 0 < most <= inside:
            if client not in self._told:  # once, until all of its requests are answered
                self._told.add(client)
                log.warning("event=intake.crowded client=%s inside=%d", client, inside)
            return False
        self._inside[client] = inside + 1
        return True

    def leave(self, client: str) -> None:
        """Note that a request is answered, or given up."""
        inside = self._inside.pop(client, 0) - 1
        if inside > 0:
            self._inside[client] = inside
        else:
            self._told.discard(client)
