"""Usage at scale: the stream and the columns beside a hand-written loop, at 10^5, 10^6 and 10^7 records.

Each measurement runs in a process of its own, so that its memory is its own. Records come twice one time in fifty and
are counted once by all; figures are records per second of CPU time of one core (``stream``, ``by_hand``) and of wall
time on all cores (``columns``). The three must end in the same quantities, to the last digit.

    python -m benchmarks.usage [--sizes 100000 1000000 10000000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT

RESULTS = Path(__file__).parent / "results" / "usage.json"
SIZES = (100_000, 1_000_000, 10_000_000)
SUBJECTS = ("by_hand", "stream", "columns")
METER = """spec: meter/v1
id: calls
version: "1.0.0"
owner: benchmarks
summary: Calls by region and kind.
unit: call
aggregate: sum
where:
  meter: [calls]
group_by: [region, kind]
"""
PRICING = """spec: pricing/v1
id: calls
version: "1.0.0"
owner: benchmarks
summary: Graduated prices by region.
currency: USD
charges:
  - id: calls
    meters: [calls]
    group_by: [region, kind]
    price:
      table:
        matching: first
        rows:
          - when:
              region: [eu, us]
            price:
              tiers:
                mode: slice
                tiers:
                  - up_to: 1000000
                    unit_price: 0.0002
                  - unit_price: 0.0001
          - when:
              region: ["*"]
            price:
              tiers:
                mode: slice
                tiers:
                  - up_to: 1000000
                    unit_price: 0.0003
                  - unit_price: 0.00015
"""
_SQL = """copy (
  select 'evt_' || lpad(n::varchar, 12, '0') as id,
         {time} as time,
         'c' || (n % 4000)::varchar as customer, 'calls' as meter,
         ['eu', 'us', 'ap', 'la'][1 + n % 4] as region, ['read', 'write', 'list', 'delete'][1 + (n // 4) % 4] as kind,
         {value} as value
  from (select case when i % 50 = 49 then i - 1 - (i % 40) else i end as n from range({size}) t(i))
) to '{file}' ({form})"""


def make(folder: Path, size: int) -> tuple[Path, Path]:
    """The records as JSON lines and as Parquet, made once."""
    import duckdb

    lines, table = folder / f"usage{size}.jsonl", folder / f"usage{size}.parquet"
    moment = "timestamp '2026-03-01' + to_seconds(n % 2678400)"
    value = "((n % 50000) / 1000)::decimal(18, 3)"
    for file, form, time_, value_ in (
        (lines, "format json", f"strftime({moment}, '%Y-%m-%dT%H:%M:%SZ')", f"{value}::varchar"),
        (table, "format parquet", moment, value),
    ):
        if not file.is_file():
            duckdb.sql(_SQL.format(size=size, file=file, form=form, time=time_, value=value_))
    return lines, table


def by_hand(file: Path) -> dict[str, Any]:
    """What one would write: a loop, a set of ids, a dict of decimals."""
    seen: set[str] = set()
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    number = 0
    start, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    with file.open("rb") as opened:
        for line in opened:
            number += 1
            record = json.loads(line)
            if record["meter"] != "calls" or record["id"] in seen:
                continue
            seen.add(record["id"])
            if start <= datetime.fromisoformat(record["time"]) < end:
                sums[record["region"], record["kind"]] += Decimal(record["value"])
    return {"records": number, "quantities": {"/".join(key): str(value.normalize()) for key, value in sums.items()}}


def engine(file: Path) -> dict[str, Any]:
    """The product: measured and rated."""
    from datetime import date

    from engine import api

    with tempfile.TemporaryDirectory() as folder:
        meter = Path(folder) / "calls.meter.yaml"
        meter.write_text(METER, "utf-8")
        prepared = api.prepare("calls.pricing.yaml", PRICING.encode())
        measured = api.measure_usage(
            prepared, [str(file)], {}, period=(date(2026, 3, 1), date(2026, 4, 1)), workspace=None, meters=[meter]
        )
        charges = prepared.calculate(measured.facts)
    ((_, result),) = measured.meters
    quantities = {"/".join((each.dimensions or {}).values()): str(each.quantity.normalize()) for each in result.usage}
    return {"records": result.records, "quantities": quantities, "total": str(charges["total"].amount)}


def child(subject: str, file: Path) -> None:
    """One measurement in this process; prints it as JSON."""
    if subject != "by_hand":
        engine(make(file.parent, 1000)[0 if subject == "stream" else 1])  # what is loaded once is not measured
    wall, cpu = time.perf_counter(), time.process_time()
    found = (by_hand if subject == "by_hand" else engine)(file)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**found, "wall_seconds": wall, "cpu_seconds": cpu, "peak_rss_megabytes": round(memory, 1)}))


def measure(subject: str, file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.usage", "--child", subject, "--file", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=dict(os.environ))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--child", choices=SUBJECTS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.file)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        rows = [row for size in given.sizes for row in _size(folder, size)]
    print(f"\n{'records':>10}  {'way':8} {'records/s':>11} {'per':9} {'MB':>6}")
    for row in rows:
        print(f"{row['size']:>10}  {row['subject']:8} {row['records_per_second']:>11,} {row['per']:9} "
              f"{row['peak_rss_megabytes']:>6.0f}")  # fmt: skip
    if tuple(given.sizes) == SIZES:
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
        RESULTS.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n", "utf-8")


def _size(folder: Path, size: int) -> list[dict[str, Any]]:
    lines, table = make(folder, size)
    rows, quantities, totals = [], [], set()
    for subject in SUBJECTS:
        found = measure(subject, table if subject == "columns" else lines)
        quantities.append(found["quantities"])
        totals.add(found.get("total"))
        seconds = found["wall_seconds" if subject == "columns" else "cpu_seconds"]
        rows.append({
            "size": size, "subject": subject, "records_per_second": int(found["records"] / seconds),
            "per": "wall" if subject == "columns" else "core", "peak_rss_megabytes": found["peak_rss_megabytes"],
        })  # fmt: skip
        print(f"  {size} {subject}: {rows[-1]['records_per_second']:,} records/s", flush=True)
    if any(each != quantities[0] for each in quantities) or len(totals - {None}) != 1:
        raise SystemExit(f"the quantities of {size} records differ: {quantities}, {totals}")
    return rows


if __name__ == "__main__":
    main()
