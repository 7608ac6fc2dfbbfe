"""Pages for who is not inside yet: signing in, the first user, one's own account, and links out of messages."""
