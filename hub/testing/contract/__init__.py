"""The contract kit: what every connector and drop-in gets tested for without a test of its own."""

from hub.testing.contract.kit import Verdict, checks_of, run_kit, verdict_of
from hub.testing.contract.subject import Check, Failed, load_plug

__all__ = ["Check", "Failed", "Verdict", "checks_of", "load_plug", "run_kit", "verdict_of"]
