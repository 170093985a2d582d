"""``make cases``: run every worked case of a folder and count how many give exactly their number."""

from __future__ import annotations

import sys
from pathlib import Path

from cases.runner import print_report, run_folder


def main(arguments: list[str]) -> int:
    """Run the cases of the folder in ``arguments``; 0 if all pass, 1 if one fails, 2 if there are none."""
    verbose = "-v" in arguments
    places = [each for each in arguments if each != "-v"]
    folder = Path(places[0] if places else "../shared/cases")
    if not (folder / "pricing.json").is_file() and not (folder / "revenue.json").is_file():
        print(f"{folder} holds neither pricing.json nor revenue.json", file=sys.stderr)
        return 2
    results = run_folder(folder)
    print_report(results, verbose=verbose)
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
