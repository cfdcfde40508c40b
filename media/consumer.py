"""One subscriber's copy of whatever is in a slot."""


class Consumer:
    """The handle on one slot of a subscriber."""
