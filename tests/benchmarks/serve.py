"""Runs the measured hub in a process of its own, with a profile when one is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

from hub.app import Hub, Office
from hub.cli.serve import asyncio_run, quiet_logs, serve

if __name__ == "__main__":
    quiet_logs()
    config = Path(sys.argv[1])
    hub = Hub.open(Office(config.parent, config))
    asyncio_run(serve(hub, "127.0.0.1", int(sys.argv[2])))
