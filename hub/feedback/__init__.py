"""Hears what became of leads, and passes it on to those who pay by it."""
