"""`Workout` and inputs → events: stack, memory, blocks, behaviours, scores. Sans-I/O: time is an argument."""
