"""From a delivery that is owed to its outcome: claim, send, classify, wait, park."""
