"""`make corpus`: prints how many seeded mistakes are caught, and how many good documents are complained about."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from corpus.measure import measure
from corpus.patches import trial


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, trial(Path(folder)) as tried:
        measured = measure(tried)
    for each in (*measured.missed, *measured.false_positives):
        sys.stdout.write(f"{each}\n")
    sys.stdout.write(f"{measured}\n")
    return 1 if measured.missed or measured.false_positives else 0


if __name__ == "__main__":
    sys.exit(main())
