"""What waits for a person: said in plain words, and what would happen if they decided, found out beforehand."""
