"""Usage in files: the stream, the columns and the records at hand give the same digits, each record once."""

from __future__ import annotations

import csv
import io
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.base.errors import Failure, UserError
from engine.finance.meter.calculation import CALCULATION
from engine.finance.meter.facts import MeterFacts, MeterPeriod, MeterResult
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.documents.meter import Meter
from engine.spec.kinds import decode_document
from engine.usage import seen as seen_module
from engine.usage.columnar import can_measure, measure_columns
from engine.usage.measure import measure
from engine.usage.seen import Conflict, Seen
from engine.usage.stream import measure_stream

MARCH = MeterPeriod(from_=datetime(2026, 3, 1, tzinfo=UTC), to=datetime(2026, 4, 1, tzinfo=UTC))


def meter(body: str = "aggregate: sum\ngroup_by: [region]\n") -> Meter:
    head = 'spec: meter/v1\nid: calls\nversion: "1.0.0"\nowner: pricing\nsummary: Calls.\nunit: call\n'
    found = Diagnostics()
    node = read_yaml((head + body).encode(), "calls.meter.yaml", found)
    assert node is not None
    document = decode_document(node, found, "meter")
    assert not found.sorted
    assert isinstance(document, Meter)
    return document


def record(number: int, value: str = "1.5", region: str = "eu", at: str | None = None, **more: Any) -> dict[str, Any]:
    moment = at or (MARCH.from_ + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")
    return {"id": f"u{number}", "time": moment, "region": region, "value": value, **more}


def lines(records: list[dict[str, Any]], size: int = 3) -> list[bytes]:
    texts = [json.dumps(each).encode() for each in records]
    return [b"\n".join(texts[at : at + size]) + b"\n" for at in range(0, len(texts), size)]


def at_hand(document: Meter, records: list[dict[str, Any]], period: MeterPeriod | None = MARCH) -> MeterResult:
    return CALCULATION.prepare(document)(MeterFacts(records=tuple(records), period=period))


def streamed(document: Meter, records: list[dict[str, Any]], period: MeterPeriod | None = MARCH) -> MeterResult:
    return measure_stream(document, lambda: lines(records), period=period)


def in_columns(document: Meter, records: list[dict[str, Any]], folder: Path, form: str) -> MeterResult | None:
    file = folder / f"usage.{form.partition('_')[0]}"
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["id", "time", "region", "value"])
    writer.writeheader()
    writer.writerows(records)
    (folder / "usage.csv").write_text(text.getvalue(), "utf-8")
    if form.startswith("parquet"):
        zoned = "time::timestamptz" if form == "parquet" else "timezone('UTC', time::timestamptz)"
        duckdb.sql(
            f"copy (select nullif(id, '') as id, {zoned} as time, nullif(region, '') as region, "
            "nullif(value, '')::decimal(24, 6) as value from "
            f"read_csv('{folder}/usage.csv', all_varchar = true, header = true)) to '{file}'"
        )
    return measure_columns(document, file, period=MARCH)


AGGREGATES = ["count", "sum", "max", "min", "average", "unique_count"]
values = st.integers(-(10**9), 10**9).map(lambda units: str(Decimal(units).scaleb(-6)))
records_of = st.lists(
    st.tuples(st.integers(0, 30), values, st.sampled_from(["eu", "us", "ap"]), st.integers(-3, 40)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40)
@given(rows=records_of, aggregate=st.sampled_from(AGGREGATES), again=st.randoms(use_true_random=False))
def test_three_ways_of_adding_give_the_same_digits(
    rows: list[Any], aggregate: str, again: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the order, and however often a record comes."""
    document = meter(f"aggregate: {aggregate}\ngroup_by: [region]\n")
    known = {number: record(number, value, region, f"2026-03-{day:02d}T00:00:00Z" if 0 < day < 29 else
                            "2026-02-01T00:00:00Z") for number, value, region, day in rows}  # fmt: skip
    records = list(known.values()) + [again.choice(list(known.values())) for _ in range(5)]
    again.shuffle(records)
    folder = tmp_path_factory.mktemp("usage")
    first = at_hand(document, records)
    results = [streamed(document, records), in_columns(document, records, folder, "csv"),
               in_columns(document, records, folder, "parquet"),
               in_columns(document, records, folder, "parquet_without_zone")]  # fmt: skip
    for result in results:
        assert result is not None
        assert [(each.dimensions, each.quantity) for each in result.usage] == [
            (each.dimensions, each.quantity) for each in first.usage
        ]
        assert (result.fingerprint, result.counted, result.duplicates, result.outside) == (
            first.fingerprint, first.counted, first.duplicates, first.outside
        )  # fmt: skip


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(values, st.integers(0, 31 * 86_400 - 1)), max_size=12), split=st.integers(1, 86_400 * 30)
)
def test_a_weighted_sum_is_the_area_below_the_level(rows: list[tuple[str, int]], split: int) -> None:
    """Against the direct formula in fractions, and whether the period is measured whole or in two parts."""
    document = meter("aggregate: weighted_sum\ncarried_over: true\n")
    records = [
        record(number, value, at=(MARCH.from_ + timedelta(seconds=second)).isoformat())
        for number, (value, second) in enumerate(rows)
    ]
    whole = 31 * 86_400
    direct = sum((Fraction(value) * (whole - second) for value, second in rows), Fraction(0)) / whole
    quantity = streamed(document, records).usage[0].quantity if records else Decimal(0)
    assert quantity is not None
    assert abs(Fraction(quantity) - direct) < Fraction(1, 10**24)


def test_corrections_and_deletions_reach_back_through_the_stream() -> None:
    document = meter("aggregate: sum\nfields:\n  replaces: corrects\n  removes: deletes\n")
    records = [
        record(1, "10"),
        record(2, "20"),
        record(3, "7", corrects="u1"),
        record(4, "0", deletes="u2"),
        record(5, "1"),
    ]
    for result in (at_hand(document, records), streamed(document, records)):
        assert result.usage[0].quantity == 8
        assert (result.corrected, result.usage[0].references) == (2, ("u3", "u5"))


def test_windows_begin_in_the_meters_zone_also_when_clocks_change() -> None:
    document = meter("aggregate: max\nwindow: day\nzone: Europe/Berlin\n")
    records = [
        record(1, "5", at="2026-03-28T22:59:59Z"), record(2, "9", at="2026-03-28T23:00:00Z"),
        record(3, "4", at="2026-03-29T21:59:59Z"), record(4, "3", at="2026-03-29T22:00:00Z"),
    ]  # fmt: skip
    found = [(each.at, each.quantity) for each in streamed(document, records).usage]
    assert found == [
        (datetime(2026, 3, 27, 23, tzinfo=UTC), 5),
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 9),
        (datetime(2026, 3, 29, 22, tzinfo=UTC), 3),
    ]


def test_fields_may_lie_inside_objects_and_values_may_be_computed() -> None:
    inside = meter("aggregate: sum\nfields:\n  value: data.bytes\ngroup_by: [data.region]\n")
    records = [record(1, data={"bytes": "3", "region": "eu"}), record(2, data={"bytes": "4", "region": "us"})]
    assert [each.quantity for each in streamed(inside, records).usage] == [3, 4]
    computed = meter("aggregate: sum\ncompute: =number(record.data.bytes) * 2\nfilter: =record.data.region == 'eu'\n")
    assert streamed(computed, records).usage[0].quantity == 6
    assert not can_measure(computed)


def test_a_table_with_more_digits_than_columns_hold_is_left_to_the_stream(tmp_path: Path) -> None:
    records = [record(1, "0.1234567890123456789012"), record(2, "0.0000000000000000000001")]
    assert in_columns(meter(), records, tmp_path, "csv") is None
    result = measure(meter(), str(tmp_path / "usage.csv"), period=MARCH)
    assert result.usage[0].quantity == Decimal("0.1234567890123456789013")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (record(3, "1,5"), "record u3: `value` is '1,5', which is no decimal number"),
        (record(3, "NaN"), "record u3: `value` is"),
        ({**record(3), "id": ""}, "record 3: it has no `id`"),
        (record(3, at="yesterday"), "record u3: `time` is 'yesterday'"),
        ({key: value for key, value in record(3).items() if key != "region"}, "record u3: `region` is missing"),
        (record(3, "1e99"), "record u3: with it the quantity has more than a hundred digits"),
        (record(1, "9"), "record u1: it comes twice with different content"),
    ],
)
def test_a_record_that_does_not_fit_is_named(broken: dict[str, Any], said: str) -> None:
    records = [record(1), record(2, "1"), broken]
    for way in (at_hand, streamed):
        with pytest.raises(Failure) as refused:
            way(meter(), records)
        assert said in refused.value.message
        assert refused.value.message.startswith("meter calls 1.0.0, ")


def test_a_broken_line_is_named_by_its_number() -> None:
    with pytest.raises(Failure) as refused:
        measure_stream(meter(), lambda: [b'{"id":"u1","region":"eu","value":"1"}\n{broken\n'])
    assert "record 2: it cannot be read" in refused.value.message


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [("value", "x", "record u2: `value` is no decimal number"), ("id", "", "it has no `id`"),
     ("time", "soon", "record u2: `time` is no moment")],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_named(tmp_path: Path, cell: str, value: str, said: str) -> None:
    with pytest.raises(Failure) as refused:
        in_columns(meter(), [record(1), {**record(2), cell: value}], tmp_path, "csv")
    assert said in refused.value.message


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    ("cell", "said"),
    [("value", "record u2: `value` is no decimal number"), ("id", "it has no `id`"),
     ("region", "record u2: `region` is missing")],
)  # fmt: skip
def test_a_typed_row_that_does_not_fit_is_named_also_when_it_comes_again(
    tmp_path: Path, cell: str, said: str, times: int
) -> None:
    records = [record(1), *[{**record(2), cell: ""}] * times]
    with pytest.raises(Failure) as refused:
        in_columns(meter("aggregate: sum\ngroup_by: [region]\n"), records, tmp_path, "parquet")
    assert said in refused.value.message


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_row_that_comes_with_other_content_is_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(Failure) as refused:
        in_columns(meter(), [record(1, "2"), record(1, "3")], tmp_path, form)
    assert "record u1: it comes twice with different content" in refused.value.message


def test_files_that_cannot_be_measured(tmp_path: Path) -> None:
    for name, said in (("usage.txt", "must end in one of"), ("none.jsonl", "there is no file")):
        with pytest.raises(UserError) as wrong:
            measure(meter(), str(tmp_path / name))
        assert said in wrong.value.message
    (tmp_path / "other.csv").write_text("key,value\n1,2\n", "utf-8")
    with pytest.raises(Failure) as refused:
        measure(meter(), str(tmp_path / "other.csv"))
    assert "has no column `id`: it has key, value" in refused.value.message


def test_the_compact_table_knows_every_id_it_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_module, "EXACT_MAX", 1000)
    monkeypatch.setattr(seen_module, "_FIRST_SIZE", 64)
    chance = random.Random(5)
    known: set[str] = set()
    seen = Seen()
    for _ in range(60):
        batch = [f"id-{chance.randrange(20_000)}" for _ in range(500)]
        expected = []
        for position, each in enumerate(batch):
            if each not in known:
                known.add(each)
                expected.append(position)
        found = seen.fresh(batch, [len(each) for each in batch])
        assert (found if found is not None else list(range(500))) == expected
    assert seen.duplicates == 60 * 500 - len(known)
    again = next(iter(known))
    with pytest.raises(Conflict):
        seen.fresh([again], [len(again) + 1])


def test_the_stream_needs_no_more_memory_for_more_records() -> None:
    """Blocks are made as they are asked for; what is kept per record is its fingerprint."""
    import tracemalloc

    def blocks(number: int) -> Any:
        for begin in range(0, number, 5000):
            yield b"".join(
                b'{"id":"evt_%09d","time":"2026-03-05T00:00:00Z","region":"eu","value":"0.25"}\n' % each
                for each in range(begin, begin + 5000)
            )

    tracemalloc.start()
    result = measure_stream(meter(), lambda: blocks(400_000), period=MARCH)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert result.usage[0].quantity == 100_000
    assert peak < 120_000_000
    assert sys.getsizeof(result.usage[0].references[0]) < 200
