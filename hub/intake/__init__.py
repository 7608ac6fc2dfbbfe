"""How leads come in: pushed to the door, polled, or read from files; kept first, understood later."""
