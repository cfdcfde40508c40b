"""A published track."""


class Producer:
    """The handle on one track of a publisher."""
