"""`python -m hub.cli` is `leadhub`."""

from hub.cli import main

main()
