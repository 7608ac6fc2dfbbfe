"""Says in plain English or Chinese why a lead went where it went, out of the stored decision record.

A decision is a dict: lead, submission, source, flow, revision, status (accepted, duplicate, quarantined, rejected),
reason, test, merged, routes, targets ([{sink, route}]), assignment ({team, owner, strategy, considered}), steps, and,
where the caller adds them, deliveries ([{sink, state, reason}]). Each entry of steps has step, outcome (passed, a
status or failed), us, error where it failed, and the notes of that step:

- map: mapping, fields [name], extra [name], problems [{field, code}]
- normalize: version, time_zone where one was assumed
- validate: grade_down [code], flagged [code], mx, test
- dedupe: matched (lead id or None), keys [kind], policy (merge, reject, reroute or replay), changed [field], version,
  anew, joined [lead], suggestions [{lead, score}]
- enrich: filled {field: enricher}, failed {enricher: reason}
- score: score, grade, lowered_from, lowered_for [code], reasons [{points, reason or when}],
  passed_over [{reason or when, missing [path], known [path], seen {path: value}, error}]
- route: match, routes [{route, verdict, when, missing, known, seen, error, after}];
  verdict is matched, passed_over, error or not_asked
- assign: team, owner, strategy, reason (chosen, kept, nobody, no_team, test), would_be; the candidates stand in
  assignment.considered [{name, reason, weight, given, today, daily_cap}];
  their reason is next, later, inactive or daily_cap
- deliver: to [sink], skipped [{sink, why}]

A step that is not in this list is told by its outcome and its plain notes. Anything may be absent.
"""

from hub.explain.sentence import sentence
from hub.explain.trail import trail

__all__ = ["sentence", "trail"]
