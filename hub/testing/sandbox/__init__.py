"""A local server that speaks the vendors' protocols, with failures by script and a ledger as the truth."""
