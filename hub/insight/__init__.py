"""Reports: how quickly leads are answered, how fairly they are dealt, and what lateness costs; they only read."""
