"""Copies of the database: made while it is used, checked, encrypted, and put back."""
