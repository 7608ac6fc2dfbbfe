"""The demo workspace: invented people, the damage real lists have, and the truth to score deduplication by."""
