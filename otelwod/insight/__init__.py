"""`Trace` → `Report`: pure functions over spans from anywhere."""
