"""Arguments → one call into a room."""
