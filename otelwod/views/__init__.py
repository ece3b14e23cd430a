"""`Report`, `Trace`, programs → console. Views compute nothing."""
