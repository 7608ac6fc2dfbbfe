"""`python -m hub.testing.sandbox`: run the sandbox from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

from hub.testing.sandbox.server import run


def main() -> None:
    """Read the options and run until interrupted."""
    parser = argparse.ArgumentParser(
        prog="leadhub sandbox", description="A local server that speaks the vendors' protocols."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9900, help="0: any free port")
    parser.add_argument("--ledger", type=Path, help="JSONL file of every request received (default: a temporary one)")
    parser.add_argument("--no-limits", action="store_true", help="switch the vendors' rate limits off")
    parser.add_argument("--smtp-port", type=int, help="start the mail receiver too; 0: any free port")
    parser.add_argument("--imap-port", type=int, help="start a mailbox of what the receiver takes; 0: any free port")
    options = parser.parse_args()
    ports = {"smtp_port": options.smtp_port, "imap_port": options.imap_port}
    run(options.host, options.port, options.ledger, limits=not options.no_limits, **ports)


if __name__ == "__main__":
    main()
