"""S: several processes on one database."""

from __future__ import annotations

from pathlib import Path

from hub.errors import ConfigError
from hub.store.ground import check_file_system
from tests.faults.bench import Bench
from tests.faults.rows import Count, row
from tests.faults.world import world

NETWORK = "36 35 0:31 / {place} rw,relatime shared:1 - {kind} server:/leads rw"


@row(
    "S5", "a second process on the same SQLite file; a file on a network disk", "the second one ends with a clear word"
)
def s5(bench: Bench) -> Count:
    """Start a second hub beside the first; and show the check a table of mounts with a network disk."""
    count = Count(faults=1)
    with world(bench, "S5") as hurt:
        hurt.start()
        hurt.posts(5)
        first, hurt.pid = hurt.pid, None
        hurt.launch()
        code, said = hurt.ended(30), hurt.said()
        count.must(
            code == 1 and "in use by another leadhub process" in said, f"S5: it ended with {code}: {said[-300:]!r}"
        )
        hurt.pid = first
        count.must(hurt.post().ok, "S5: the first one does not take leads any more")
        hurt.drain()
        hurt.judge(count, where="S5")
    for kind in ("nfs4", "cifs", "fuse.sshfs"):
        count.faults += 1
        try:
            mounts = bench.folder / "mountinfo"
            mounts.write_text(NETWORK.format(place="/srv/leads", kind=kind))
            check_file_system(Path("/srv/leads/data/hub.db"), mounts)
        except ConfigError:
            continue
        count.broken.append(f"S5: a database on {kind} was not refused")
    count.notes.append("S5: network disks by a table of mounts; none can be mounted here")
    return count
