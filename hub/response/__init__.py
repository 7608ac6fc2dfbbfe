"""From a lead's owner to the first human answer: who has it, how long the prospect waits, and what happens then."""
