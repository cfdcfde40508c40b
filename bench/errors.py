"""What ends a benchmark."""


class BenchError(Exception):
    """The bench could not be run at all."""
