"""Benchmarks: `python -m bench NAME [--json] [--quick]`; README.md says what each compares."""
