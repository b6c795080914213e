"""bench/run: what Ferrule costs, each figure beside a baseline of the same run."""

import argparse
import sys
from pathlib import Path

# python3 -I leaves this folder out.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from figure import Figure, table, write_json  # noqa: E402
from figures import all_measurements  # noqa: E402
from workshop import ROOT, BenchError, Workshop  # noqa: E402


def main() -> int:
    known = {each.name: each for each in all_measurements()}
    parser = argparse.ArgumentParser(
        prog="bench/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="figures:\n" + "\n".join(f"  {name:<22} {each.about}" for name, each in known.items())
        + "\n\nThe status is 0 when every goal is met, 1 when one is missed or cannot be measured.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures to measure; all without")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write one object per figure to FILE")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release", metavar="DIR",
                        help="build tree of the preset 'release' (build/release)")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in known]:
        parser.error(f"there is no figure {', '.join(unknown)}; there are: {', '.join(known)}")
    figures: list[Figure] = []
    broken = False
    with Workshop(asked.build.resolve()) as shop:
        shop.compile()
        for name in asked.names or known:
            print(f"==> {name}: {known[name].about}", file=sys.stderr, flush=True)
            try:
                figures += known[name].measure(shop)
            except BenchError as problem:
                broken = True
                print(f"bench/run: {name}: {problem}", file=sys.stderr)
    print(table(figures))
    if asked.json:
        write_json(figures, asked.json)
    return 1 if broken or any(each.ok is False for each in figures) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as problem:
        sys.exit(f"bench/run: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
