"""Cleans the fields of a lead: pure functions, one module for each kind of text."""

VERSION: int = 2
"""Version of the whole set of rules; it rises when a rule changes what an old lead would become."""
