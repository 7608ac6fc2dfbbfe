"""The editor of the rules: what its forms ask for, read what is typed, and keep it in a draft."""
