"""`configure()`: providers, exporters, ids, clock anchor, switches."""
