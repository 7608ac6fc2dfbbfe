"""Fakes, kits and a local sandbox for testing leadhub and what plugs into it."""
