"""Reps and teams: who can take a lead now, whose territory it is, and what was dealt."""
