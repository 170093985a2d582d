"""Adding up records that count: states by window and dimensions, and the quantities at the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, DecimalException
from typing import Any
from zoneinfo import ZoneInfo

from engine.base.errors import Failure
from engine.base.identity import digest
from engine.base.money import RoundingMode, decimal_text
from engine.finance.exact import decimal_of, rounded
from engine.finance.meter.aggregates import TIMED, Bounds, State, new_state
from engine.finance.meter.facts import CarriedOver, Metered, MeterPeriod, MeterResult, Outside
from engine.finance.meter.reading import Row, window_start
from engine.finance.problem import Where, refused
from engine.spec.documents.meter import Aggregation, Meter, NegativeTotal, OutsidePeriod, Window

#: The records of one quantity are named one by one up to this many; of more it is said how to find them.
NAMED_MAX = 100

Key = tuple[datetime | None, tuple[str, ...]]


class Tally:
    """Takes rows, in any order, and gives the result. The result does not depend on the order."""

    def __init__(
        self, meter: Meter, period: MeterPeriod | None, carried: Iterable[CarriedOver], source: str = "the input"
    ) -> None:
        self._meter = meter
        self._source = source
        self._where = Where(f"meter {meter.id} {meter.version}")
        self.start = None if period is None else period.from_
        self.end = None if period is None else period.to
        self._check_period(period)
        self._bounds = Bounds(self.start, self.end, meter.zone)
        self._carried = {self._group_of(each): each for each in carried}
        self._window = None if meter.window is Window.PERIOD else window_start(meter.window, ZoneInfo(meter.zone))
        self._states: dict[Key, State] = {}
        self._names: dict[Key, list[str]] = {}
        self._numbers: dict[Key, int] = {}
        self._before = self._after = 0
        if self._window is None:
            for group in self._carried:
                self.state((None, group))

    def _check_period(self, period: MeterPeriod | None) -> None:
        if period is None:
            if self._meter.aggregate in TIMED:
                message = f"`{self._meter.aggregate}` counts shares of a period, and none is given"
                raise refused(self._where, message, "give the period")
        elif period.to <= period.from_:
            raise refused(self._where, f"the period ends on {period.to}, before it begins", "give a later `to`")

    def _group_of(self, carried: CarriedOver) -> tuple[str, ...]:
        dimensions = carried.dimensions or {}
        missing = [name for name in self._meter.group_by if name not in dimensions]
        if missing:
            at = self._where.at(record="what is carried over")
            raise refused(at, f"it does not say its `{missing[0]}`", "give every dimension")
        return tuple(dimensions[name] for name in self._meter.group_by)

    def state(self, key: Key) -> State:
        """The state of a window and group, made when it is first asked for."""
        found = self._states.get(key)
        if found is None:
            carried = self._carried.get(key[1]) if self._meter.carried_over else None
            found = self._states[key] = new_state(self._meter.aggregate, carried, self._bounds)
            self._names[key] = []
            self._numbers[key] = 0
        return found

    def inside(self, time: datetime | None, id_: str) -> bool:
        """Whether a moment lies in the period; counts those that do not. Raises Failure as the meter says."""
        if self.start is None or self.end is None:
            return True
        if time is None:
            at = self._where.at(record=f"record {id_}")
            raise refused(at, "it does not say when it happened", "give its time, or leave the period open")
        if self.start <= time < self.end:
            return True
        if self._meter.outside is OutsidePeriod.REFUSE:
            at = self._where.at(record=f"record {id_}")
            raise refused(at, f"it happened at {time.isoformat()}, outside the period", "rate it with its own period")
        if time < self.start:
            self._before += 1
        else:
            self._after += 1
        return False

    @property
    def instants(self) -> bool:
        """Whether the quantities depend on more of a moment than whether it lies in the period."""
        return self._window is not None or self._meter.aggregate in TIMED | {Aggregation.LATEST}

    def when(self, time: datetime | None) -> Any:
        """What the quantities depend on of a moment; None where it is all the same."""
        if time is None or self.instants:
            return time
        if self.start is None or self.end is None or self.start <= time < self.end:
            return None
        return "before" if time < self.start else "after"

    def count_outside(self, before: int, after: int) -> None:
        """Note records of other periods that were found elsewhere."""
        self._before += before
        self._after += after

    def key(self, time: datetime | None, group: tuple[str, ...], id_: str) -> Key:
        """The window and group of a row. Raises Failure for a row without a time where windows or times matter."""
        if time is None and (self._window is not None or self._meter.aggregate in TIMED | {Aggregation.LATEST}):
            at = self._where.at(record=f"record {id_}")
            raise refused(at, "it does not say when it happened", "give its time")
        return (None if self._window is None or time is None else self._window(time)), group

    def add(self, row: Row) -> None:
        """Take one row, if it lies in the period."""
        if not self.inside(row.time, row.id):
            return
        key = self.key(row.time, row.group, row.id)
        try:
            self.state(key).add(row.value, row.time, row.id, row.removes)
        except DecimalException:
            raise self.too_long(row.id) from None
        self.note(key, row.id)

    def too_long(self, id_: str) -> Failure:
        """The failure to raise for a record after which the quantity has more digits than are added exactly."""
        at = self._where.at(record=f"record {id_}")
        return refused(at, "with it the quantity has more than a hundred digits", "correct the record's value")

    def note(self, key: Key, id_: str) -> None:
        """Note a record of a quantity."""
        number = self._numbers[key] = self._numbers[key] + 1
        if number <= NAMED_MAX:
            self._names[key].append(id_)

    def room(self, key: Key) -> int:
        """How many more records of a quantity are named one by one."""
        return max(0, NAMED_MAX - len(self._names[key]))

    def note_many(self, key: Key, number: int, names: Iterable[str]) -> None:
        """Note many records of a quantity; ``names`` are the first of them, as many as there is room for."""
        self._numbers[key] += number
        self._names[key].extend(names)

    def put(self, key: Key, quantity: Any, number: int, names: Iterable[str] = ()) -> None:
        """Enter a quantity that was added up elsewhere."""
        self._states[key] = _Known(quantity)
        self._numbers[key] = number
        self._names[key] = list(names)

    def result(self, *, records: int, duplicates: int, corrected: int) -> MeterResult:
        """The quantities, rounded as the meter says."""
        usage = [self._metered(key) for key in sorted(self._states, key=lambda key: (str(key[0] or ""), key[1]))]
        if not usage and not self._meter.group_by and self._window is None:
            usage = [self._metered((None, ()))]
        return MeterResult(
            usage=tuple(usage),
            records=records,
            counted=sum(self._numbers.values()),
            duplicates=duplicates,
            corrected=corrected,
            outside=Outside(before=self._before, after=self._after),
            fingerprint=digest(
                [[str(each.at or ""), each.dimensions or {}, _text(each.quantity)] for each in usage]
            )[:32],
        )  # fmt: skip

    def _metered(self, key: Key) -> Metered:
        state = self._states.get(key)
        exact = self.state(key).quantity() if state is None else state.quantity()
        if exact is None:
            exact = self._nothing()
        quantity = None if exact is None else self._rounded(exact)
        if quantity is not None and quantity < 0 and self._meter.negative is NegativeTotal.ZERO:
            quantity = Decimal(0)
        group = dict(zip(self._meter.group_by, key[1], strict=True))
        return Metered(
            meter=self._meter.id,
            quantity=quantity,
            dimensions=group or None,
            at=key[0],
            references=tuple(self._references(key, group)),
        )

    def _nothing(self) -> Decimal | None:
        if self._meter.empty is not None:
            return self._meter.empty
        return None if self._meter.aggregate in (Aggregation.MIN, Aggregation.AVERAGE) else Decimal(0)

    def _rounded(self, exact: Any) -> Decimal:
        rounding = self._meter.rounding
        if rounding is None:
            return decimal_of(exact)
        return rounded(exact, rounding.scale or 0, rounding.mode or RoundingMode.HALF_UP)

    def _references(self, key: Key, group: dict[str, str]) -> list[str]:
        number, names = self._numbers.get(key, 0), sorted(self._names.get(key, ()))
        if number <= NAMED_MAX and len(names) == number:
            return names
        named = "".join(f", {name} {value}" for name, value in group.items())
        window = "" if key[0] is None else f", {self._meter.window} of {key[0].isoformat()}"
        return [f"{number} records of {self._source}{named}{window}"]


class _Known:
    """A quantity that was added up elsewhere."""

    __slots__ = ("_quantity",)

    def __init__(self, quantity: Any) -> None:
        self._quantity = quantity

    def add(self, value: Any, time: datetime | None, id: str, removes: bool) -> None:  # noqa: ARG002
        raise AssertionError("a known quantity takes no records")

    def quantity(self) -> Any:
        return self._quantity


def _text(quantity: Decimal | None) -> str | None:
    """A quantity by its value: 1.10 and 1.1 are one."""
    return None if quantity is None else decimal_text(quantity.normalize())
