"""`python -m bench NAME [--json] [--quick]`: run one benchmark, exit 1 when a target is missed."""

import argparse
import importlib
import sys

from bench.errors import BenchError

NAMES = ("forward", "threads", "latency", "join", "bwe", "questions", "recording", "layers")


def main() -> int:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--quick", action="store_true", help="shorter and rougher")
    chosen = parser.parse_args()
    try:
        report = importlib.import_module(f"bench.{chosen.name}").run(quick=chosen.quick)
    except BenchError as error:
        print(f"bench {chosen.name}: {error}", file=sys.stderr)
        return 2
    if not chosen.json:
        report.show()
    print(report.to_json())
    return 1 if report.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
