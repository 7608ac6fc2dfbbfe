"""Every call that leaves: who may be called, with which token, and what may have arrived."""
