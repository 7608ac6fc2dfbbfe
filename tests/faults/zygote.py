"""Starts hubs quickly: a process that has imported everything forks one for each order it reads on stdin."""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import sys
import traceback
from pathlib import Path

_PR_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1).value
_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000
_READ_ONLY, _REMOUNT, _BIND = 1, 32, 4096


def main() -> None:
    """Serve orders until stdin ends; answers are lines of JSON on stdout."""
    _import_all()
    _say({"ready": True})
    pending = b""
    while True:
        _reap()
        readable, _, _ = select.select([0], [], [], 0.01)
        if not readable:
            continue
        data = os.read(0, 1 << 16)
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            pid = os.fork()
            if not pid:
                _child(order)
            _say({"order": order["order"], "pid": pid})


def _import_all() -> None:
    import aiohttp  # noqa: F401
    import uvloop  # noqa: F401

    import hub.cli  # noqa: F401
    from hub import loader
    from hub.normal.warm import warm_up

    warm_up(("US", "CN"))
    loader.load()
    gc.collect()
    gc.freeze()


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _say({"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def _child(order: dict[str, object]) -> None:
    """Become a `leadhub` with these arguments, in this folder and environment."""
    code = 1
    try:
        os.setsid()
        _redirect(str(order["out"]))
        os.environ.update(order["env"])  # type: ignore[arg-type]
        if os.environ.get("FAULTS_MOUNT"):
            _mount(*os.environ["FAULTS_MOUNT"].split("|"))
        os.chdir(str(order["cwd"]))
        random.seed()
        become(sys.argv[:1] + list(order["argv"]))  # type: ignore[call-overload]
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _mount(kind: str, folder: str, options: str) -> None:
    """Give this process a view of its own of a folder: `tmpfs` of some size, or the same folder as `readonly`; or another file `instead` of one."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    _checked(libc.unshare(_NEW_USER | _NEW_MOUNTS))
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    place = folder.encode()
    if kind == "tmpfs":
        _checked(libc.mount(b"none", place, b"tmpfs", 0, options.encode()))
        return
    if kind == "instead":
        _checked(libc.mount(options.encode(), place, None, _BIND, None))
        return
    _checked(libc.mount(place, place, None, _BIND, None))
    _checked(libc.mount(None, place, None, _REMOUNT | _BIND | _READ_ONLY, None))


def _checked(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _redirect(path: str) -> None:
    null, out = os.open(os.devnull, os.O_RDONLY), os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((null, 0), (out, 1), (out, 2)):
        os.dup2(source, target)


def become(argv: list[str]) -> None:
    """Run the real command line, with what only these trials set: a weaker sync, a memory limit, leave to trace."""
    from hub import failpoints
    from hub.cli import main

    if os.environ.get(failpoints.VARIABLE):
        importlib.reload(failpoints)
    if os.environ.get("FAULTS_SYNCHRONOUS"):
        _weaken(os.environ["FAULTS_SYNCHRONOUS"])
    if os.environ.get("FAULTS_MEMORY"):
        most = int(os.environ["FAULTS_MEMORY"])
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    if os.environ.get("FAULTS_CHECKPOINT"):
        _each_checkout(f"PRAGMA wal_autocheckpoint={int(os.environ['FAULTS_CHECKPOINT'])}")
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)
    if os.environ.get("FAULTS_WAIT"):
        os.kill(os.getpid(), signal.SIGSTOP)
    sys.argv = argv
    main()


def _weaken(mode: str) -> None:
    """Make every commit of SQLite less safe: the controls, which the power cut must find."""
    _each_checkout(f"PRAGMA synchronous={mode}")


def _each_checkout(statement: str) -> None:
    import sqlalchemy as sa

    def execute(raw: object, *_: object) -> None:
        if "sqlite" in type(raw).__module__ and raw.execute("PRAGMA query_only").fetchone()[0] == 0:  # type: ignore[attr-defined]
            raw.execute(statement)  # type: ignore[attr-defined]

    sa.event.listen(sa.pool.Pool, "checkout", execute)


if __name__ == "__main__":
    main()
