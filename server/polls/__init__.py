"""Quick checks: the pulse of a class, and polls."""
