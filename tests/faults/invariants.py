"""The invariants I1 to I8, as pure functions of what is so after a trial; each returns sentences about what is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.faults.facts import Facts, Record, Request, digest, time_of

if TYPE_CHECKING:
    from tests.faults.world import Answer

MOST = 5  # sentences of one kind; the first tell enough
SETTLED = frozenset({"done", "duplicate", "quarantined", "rejected"})
KEPT = frozenset({"ready", "sending", "sent", "dead", "unclear", "rejected", "superseded"})
KEYED = frozenset({"crm", "paper"})  # sinks of the usual workspace that know a key
UNKEYED = frozenset({"chat"})  # sinks that know no key
CLOCKS = timedelta(milliseconds=5)  # the ledger's clock and the hub's are one; rounding is not


def broken(
    seen: Facts, accepted: Sequence[Answer], sent: Iterable[bytes], *, faults: int, sinks: Sequence[str]
) -> list[str]:
    """Return what does not hold, after `faults` processes died."""
    checks = (
        _kept(seen, accepted),
        _owed(seen, sinks),
        _nobody_else(seen, sent),
        _once(seen, faults),
        _sent_is_there(seen),
        _one_holder(seen),
        _nothing_hangs(seen),
        _in_order(seen),
        _attempt_first(seen),
    )
    return [line for check in checks for line in list(check)[:MOST]]


def _kept(seen: Facts, accepted: Sequence[Answer]) -> Iterator[str]:
    """I1: every id answered 2xx is stored once, with the bytes that were sent."""
    rows: dict[str, list[Record]] = defaultdict(list)
    for row in seen.submissions:
        rows[row["id"]].append(row)
    digests = {row["digest"] for row in seen.submissions}
    for answer in accepted:
        found = rows.get(answer.said.get("submission", ""), [])
        if len(found) != 1:
            yield f"I1 lost: {answer.said.get('submission')} was answered {answer.status} and is stored {len(found)} times"
        elif digest(answer.body) not in digests:
            yield f"I1 lost: the bytes of {answer.said.get('submission')} are stored nowhere"


def _owed(seen: Facts, sinks: Sequence[str]) -> Iterator[str]:
    """I1: what was accepted became a lead that every sink of its route has a delivery for."""
    leads = {row["id"]: row for row in seen.leads}
    owed = {(row["lead"], row["sink"]) for row in seen.deliveries if row["state"] in KEPT}
    for row in seen.submissions:
        if row["state"] not in SETTLED:
            yield f"I6: {row['id']} is {row['state']} after the backlog drained"
        if row["state"] != "done":
            continue
        lead = leads.get(row["lead"])
        if lead is None:
            yield f"I1 lost: {row['id']} is done and its lead {row['lead']} is not there"
            continue
        if lead["state"] == "open":
            for sink in sinks:
                if (lead["id"], sink) not in owed:
                    yield f"I1 lost: {lead['id']} is owed to {sink} and nothing is scheduled"


def _nobody_else(seen: Facts, sent: Iterable[bytes]) -> Iterator[str]:
    """I2: nothing is stored or sent that nobody handed over."""
    bodies = {digest(body) for body in sent}
    for row in seen.submissions:
        if row["kind"] == "http" and row["digest"] and row["digest"] not in bodies:  # an erased one has none
            yield f"I2: nobody sent what {row['id']} holds"
    keys = {row["key"] for row in seen.deliveries}
    for request in seen.requests:
        if request.sink not in UNKEYED and request.key not in keys:
            yield f"I2: {request.sink} received {request.key}, which is no delivery"


def _by_delivery(seen: Facts) -> dict[str, list[Request]]:
    """Return the requests of each delivery; a chat's are found by its mark and the e-mail address in the text."""
    found: dict[str, list[Request]] = defaultdict(list)
    keyed = {(row["sink"], row["key"]): row["id"] for row in seen.deliveries}
    emails = {row["id"]: row["email"] for row in seen.leads}
    marks: dict[str, list[Record]] = defaultdict(list)
    for row in seen.deliveries:
        marks[f"#L-{row['key'].replace('-', '')[:4].upper()}"].append(row)
    for request in seen.requests:
        if request.sink not in UNKEYED:
            if (request.sink, request.key) in keyed:
                found[keyed[request.sink, str(request.key)]].append(request)
            continue
        for row in marks.get(str(request.key), ()):
            if (
                row["sink"] == request.sink and (emails.get(row["lead"]) or "") in request.text
            ):  # erased: the mark alone
                found[row["id"]].append(request)
                break
    return found


def _once(seen: Facts, faults: int) -> Iterator[str]:
    """I3: at most one more request for a delivery per fault, with the same key; a sink that knows keys has it once."""
    for delivery, requests in _by_delivery(seen).items():
        if len(requests) > 1 + faults:
            yield f"I3: {delivery} went out {len(requests)} times after {faults} faults"
    new = Counter((r.sink, r.key) for r in seen.requests if r.sink not in UNKEYED and r.seen == "new")
    for (sink, key), number in new.items():
        if number > 1:
            yield f"I3: {sink} holds {key} {number} times"
    versions = Counter((row["lead"], row["sink"], row["version"]) for row in seen.deliveries)
    for which, number in versions.items():
        if number > 1:
            yield f"I3: {which} is {number} deliveries with keys of their own"
    for (lead, version), number in seen.written.items():
        if number > 1:
            yield f"I3: the file has {lead} version {version} {number} times"


def _sent_is_there(seen: Facts) -> Iterator[str]:
    """I4: what counts as sent has arrived."""
    requests = _by_delivery(seen)
    erased = {row["id"] for row in seen.leads if row["state"] == "erased"}
    newest: Counter[str] = Counter()
    for lead, version in seen.written:
        newest[lead] = max(newest[lead], int(version))
    for row in seen.deliveries:
        if row["state"] != "sent" or row["test"]:
            continue
        if row["sink"] == "file":
            written = newest[row["lead"]] >= row["version"]  # what is sent late is the lead as it is then
            if row["lead"] in erased and written:
                yield f"I4: {row['id']} is of an erased person and still in the file"
            elif row["lead"] not in erased and not written:
                yield f"I4: {row['id']} counts as sent and is not in the file"
        elif not any(request.seen for request in requests.get(row["id"], ())):
            yield f"I4: {row['id']} counts as sent and {row['sink']} never had it"


def _one_holder(seen: Facts) -> Iterator[str]:
    """I5: a delivery has at most one holder, and its fencing number was given out once for each attempt."""
    fences = Counter((row["delivery"], row["fence"]) for row in seen.attempts)
    for which, number in fences.items():
        if number > 1:
            yield f"I5: the fence {which} was held {number} times"
    for row in seen.deliveries:
        if row["lease_by"] and row["state"] != "sending":
            yield f"I5: {row['id']} is {row['state']} and held by {row['lease_by']}"


def _nothing_hangs(seen: Facts) -> Iterator[str]:
    """I6: nothing is claimed any more once the backlog has drained."""
    held = {(row["lead"], row["sink"]) for row in seen.deliveries if row["state"] == "unclear"}
    for row in seen.deliveries:
        waits = row["state"] == "ready" and (row["lead"], row["sink"]) in held  # a person must decide on the older one
        if row["state"] in ("sending", "ready") and not waits:
            yield f"I6: {row['id']} is still {row['state']}"


def _in_order(seen: Facts) -> Iterator[str]:
    """I7: an older version of a lead never reaches a sink after a newer one did."""
    versions = {row["id"]: (row["lead"], row["sink"], row["version"]) for row in seen.deliveries}
    arrived: dict[tuple[str, str], list[tuple[Request, int]]] = defaultdict(list)
    for delivery, requests in _by_delivery(seen).items():
        lead, sink, version = versions[delivery]
        arrived[lead, sink] += [(request, version) for request in requests if request.seen == "new"]
    for (lead, sink), found in arrived.items():
        order = [version for _, version in sorted(found, key=lambda pair: pair[0].at)]
        if order != sorted(order):
            yield f"I7: {sink} had the versions of {lead} in the order {order}"


def _attempt_first(seen: Facts) -> Iterator[str]:
    """I8: before a request there was an attempt, written down before it began."""
    attempts: dict[str, list[Record]] = defaultdict(list)
    for row in seen.attempts:
        attempts[row["delivery"]].append(row)
    for delivery, requests in _by_delivery(seen).items():
        began = sorted(time_of(row["started_at"]) for row in attempts.get(delivery, ()))
        if len(began) < len(requests):
            yield f"I8: {delivery} has {len(requests)} requests and {len(began)} attempts"
            continue
        for request, start in zip(sorted(requests, key=lambda one: one.at), began, strict=False):
            if start > request.at + CLOCKS:
                yield f"I8: {delivery} was sent before its attempt was written down"
