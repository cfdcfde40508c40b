"""Questions: what students ask, and what becomes of it."""
