"""Says in plain English or Chinese why a lead went where it went, out of the stored decision record.

A decision is a dict: lead, submission, source, flow, revision, status (accepted, duplicate, quarantined, rejected),
reason, test, merged, routes, targets ([{sink, route}]), assignment ({team, owner, strategy, considered}), steps, and,
where the caller adds them, deliveries ([{sink, state, reason}]). Each entry of steps has step, outcome (passed, a
status or failed), us, error where it failed, and the notes of that step:

- map: mapping, fields [name], extra [name], problems [{field, code}]
- correct: fields [{field, by}] that a person put another value into; there only where somebody did
- normalize: version, time_zone where one was assumed
- validate: grade_down [code], flagged [code], mx, test
- dedupe: matched (lead id or None), keys [kind], policy (merge, reject, reroute or replay), changed [field], version,
  anew, joined [lead], suggestions [{lead, score}], contests [{field, won, by, over (submission), source}] of fields
  of which both said something else; by is valid, said, trust, newer or newest, or empty where there was no value
- enrich: filled {field: enricher}, failed {enricher: reason}
- score: score, grade, lowered_from, lowered_for [code], reasons [{points, reason or when}],
  passed_over [{reason or when, missing [path], known [path], seen {path: value}, error}]
- route: match, routes [{route, verdict, when, missing, known, seen, error, after}];
  verdict is matched, passed_over, error or not_asked
- auction: reason (sold, before where auctions is absent; unsold, open, known, test, trial), routes [name],
  auctions [{route, order, floor, currency, within, winner, equal, bids [{buyer, price, currency, ms, why, said}]}], the
  bids in their order; why is one of hub.bids.Offer, or off, outside, has_it, or what stands in the way of a consent
- assign: team, owner, strategy, reason (chosen, account, fallback, kept, nobody, pool, no_team, test, or a strategy's
  own), would_be, pool, cover_of, account_of, territory, before and after {received, entitled, today}, tried [{team,
  considered}]; the candidates stand in assignment.considered [{name, reason, weight, given, today, owed, share, …}];
  their reason is next, later, inactive, away, cover_away, off_shift, daily_cap, cap, team_cap, open_cap, had_it,
  other_territory or account; moves, where the caller adds them, are rows of the log of who has the lead
- deliver: to [sink], skipped [{sink, why}]

A step that is not in this list is told by its outcome, its plain notes and `changed` [field]. Anything may be absent.
"""

from hub.explain.owners import counted, moved, why_moved
from hub.explain.provenance import changes, fields
from hub.explain.provenance import contests_of as contests
from hub.explain.sentence import people, sentence
from hub.explain.trail import trail
from hub.explain.tree import points, scoring, tree
from hub.explain.values import contested

__all__ = [
    "changes",
    "contested",
    "contests",
    "counted",
    "fields",
    "moved",
    "people",
    "points",
    "scoring",
    "sentence",
    "trail",
    "tree",
    "why_moved",
]
