"""Recordings: for whom they are open, what is served of them, and what is done with them."""
