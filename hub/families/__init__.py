"""What connectors of one family share, so that each of them stays thin: forms, polls, chat, mail, files, CRMs."""
