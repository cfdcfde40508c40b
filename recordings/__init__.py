"""How a lesson is recorded: one more subscriber, parts of a second, an index (FORMAT.md)."""
