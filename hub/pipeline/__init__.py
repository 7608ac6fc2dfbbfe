"""A lead's way from a submission to what is owed: parse, run the flow's steps, store it all at once."""
