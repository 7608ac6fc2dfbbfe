"""Our own closed words that pages show, so that translators find them; texts are marked where they are shown."""

from __future__ import annotations

from hub.web.tongue import N_

STATES = (
    N_("received"),
    N_("done"),
    N_("duplicate"),
    N_("quarantined"),
    N_("rejected"),
    N_("undone"),
    N_("ready"),
    N_("sending"),
    N_("sent"),
    N_("unclear"),
    N_("dead"),
    N_("superseded"),
    N_("open"),
    N_("merged"),
    N_("erased"),
    N_("closed"),
    N_("running"),
    N_("failed"),
    N_("paused"),
    N_("healthy"),
    N_("joined"),
    N_("separate"),
    N_("accepted"),
)
"""Of submissions, deliveries, leads, imports, suggestions and sinks."""

ACTS = (
    N_("assigned"),
    N_("transferred"),
    N_("claimed"),
    N_("pooled"),
    N_("returned"),
    N_("recycled"),
    N_("reassigned"),
    N_("inherited"),
    N_("credited"),
    N_("viewed"),
)
"""What happened to who has a lead."""

DISPOSITIONS = (
    N_("new"),
    N_("contacted"),
    N_("no answer"),
    N_("qualified"),
    N_("opportunity"),
    N_("won"),
    N_("lost"),
    N_("unqualified"),
    N_("invalid"),
    N_("unknown"),
)
"""What became of a lead."""

ROLES = (
    N_("viewer"),
    N_("operator"),
    N_("admin"),
    N_("owner"),
    N_("rep"),
    N_("source"),
)
"""What callers may be."""

KINDS = (
    N_("status"),
    N_("accept"),
    N_("call"),
    N_("mail"),
    N_("message"),
    N_("meeting"),
    N_("note"),
    N_("task"),
    N_("deal"),
)
"""What was done with a lead."""

THINGS = (
    N_("sink"),
    N_("team"),
    N_("calendar"),
    N_("pool"),
    N_("user"),
    N_("key"),
    N_("connector"),
    N_("backup"),
)
"""What a sentence of ours says it is about."""
