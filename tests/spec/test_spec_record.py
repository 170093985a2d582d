"""Records behave as frozen dataclasses do, though their methods are shared and made late."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from engine.base.record import frozen, mutable, record


@record
class Price:
    """A price."""

    RULES: ClassVar[tuple[str, ...]] = ("one",)
    amount: str
    per: int = 1
    place: str = dataclasses.field(default="here", compare=False)
    secret: str = dataclasses.field(default="", repr=False, metadata={"doc": "Not shown."})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PriceAsDataclass:
    amount: str
    per: int = 1
    place: str = dataclasses.field(default="here", compare=False)
    secret: str = dataclasses.field(default="", repr=False)


def test_it_is_made_with_its_defaults_and_shown() -> None:
    made = Price(amount="1.00", secret="s")
    assert (made.amount, made.per, made.place, made.secret) == ("1.00", 1, "here", "s")
    assert repr(made) == repr(PriceAsDataclass(amount="1.00")).replace("PriceAsDataclass", "Price")
    assert Price.RULES == ("one",)


def test_equality_and_hash_leave_out_what_is_not_compared() -> None:
    one, same, other = Price(amount="1"), Price(amount="1", place="there"), Price(amount="1", per=2)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != PriceAsDataclass(amount="1")
    assert {one, same, other} == {one, other}


def test_nothing_of_it_can_be_changed() -> None:
    made = Price(amount="1")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'amount'"):
        made.amount = "2"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'amount'"):
        del made.amount
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.extra = 1  # type: ignore[attr-defined]
    assert not hasattr(made, "__dict__")
    assert made.amount == "1"


@pytest.mark.parametrize("given", [{}, {"amount": "1", "extra": 2}])
def test_what_is_missing_or_unknown_is_a_type_error(given: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Price(**given)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Price("1")  # type: ignore[misc]


def test_the_first_one_made_wrongly_says_what_is_missing() -> None:
    @record
    class Fresh:
        name: str

    with pytest.raises(TypeError, match="name"):
        Fresh()  # type: ignore[call-arg]
    assert Fresh(name="a").name == "a"


def test_it_is_a_dataclass_to_those_who_ask() -> None:
    made = Price(amount="1")
    assert dataclasses.is_dataclass(made)
    assert [each.name for each in dataclasses.fields(Price)] == ["amount", "per", "place", "secret"]
    assert dataclasses.replace(made, per=3) == Price(amount="1", per=3)
    assert dataclasses.asdict(made) == {"amount": "1", "per": 1, "place": "here", "secret": ""}


def test_copies_are_equal() -> None:
    made = Price(amount="1", per=2, place="there", secret="s")
    for other in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert repr(other) == repr(made)
        assert (other, other.place, other.secret) == (made, "there", "s")


@frozen
class Line:
    """A line."""

    amount: str
    parts: list[int] = dataclasses.field(default_factory=list)
    note: str = dataclasses.field(default="", kw_only=True)


@frozen
class Checked:
    """A line that counts how often it was looked at."""

    amount: str

    def __post_init__(self) -> None:
        if not self.amount:
            raise ValueError("an amount is wanted")


@frozen
class Longer(Line):
    """A line with more on it."""

    more: int = 0


def test_a_frozen_value_takes_its_fields_by_place_and_makes_its_defaults() -> None:
    made, other = Line("1", note="n"), Line("1")
    assert (made.amount, made.parts, made.note) == ("1", [], "n")
    made.parts.append(1)
    assert other.parts == []
    with pytest.raises(TypeError):
        Line("1", [], "by place")  # type: ignore[misc]
    with pytest.raises(TypeError, match="amount"):
        Line()  # type: ignore[call-arg]
    match made:
        case Line(amount, parts):
            assert (amount, parts) == ("1", [1])
    assert dataclasses.replace(other, amount="2") == Line("2")  # type: ignore[type-var]


def test_a_frozen_value_checks_itself_and_may_have_a_base() -> None:
    assert Checked("1").amount == "1"
    with pytest.raises(ValueError, match="wanted"):
        Checked("")
    longer = Longer("1", [2], 3, note="n")
    assert (longer.amount, longer.parts, longer.more, longer.note) == ("1", [2], 3, "n")
    assert longer != Line("1", [2], note="n")
    assert repr(longer) == "Longer(amount='1', parts=[2], note='n', more=3)"
    assert pickle.loads(pickle.dumps(longer)) == longer
    with pytest.raises(dataclasses.FrozenInstanceError):
        longer.amount = "2"  # type: ignore[misc]


@mutable
class Open:
    """What is still open."""

    amount: int
    parts: list[int] = dataclasses.field(default_factory=list)
    note: str = ""
    left: int = dataclasses.field(init=False)
    seen: list[int] = dataclasses.field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.left = self.amount


def test_a_mutable_value_changes_and_is_no_key() -> None:
    made = [Open(number) for number in range(40)]  # enough for its own way of being made
    first, last = made[0], made[-1]
    for each in (first, last):
        each.amount += 1
        each.parts.append(each.amount)
        with pytest.raises(AttributeError):
            each.extra = 1  # type: ignore[attr-defined]
        with pytest.raises(TypeError, match="unhashable"):
            hash(each)
    assert (first.parts, last.parts) == ([1], [40])
    first.left += 1
    assert first == Open(1, [1])
    assert first != last
    assert repr(last) == "Open(amount=40, parts=[40], note='', left=39, seen=[])"
    assert dataclasses.replace(last, note="n") == Open(40, [40], note="n")
    assert (last.left, last.seen is not first.seen) == (39, True)
    with pytest.raises(TypeError, match="amount"):
        Open()  # type: ignore[call-arg]


def test_the_first_and_the_hundredth_are_made_alike() -> None:
    @frozen
    class Fresh:
        name: str
        parts: list[int] = dataclasses.field(default_factory=list)
        note: str = dataclasses.field(default="", kw_only=True)

    every = [Fresh(str(number), note="n") for number in range(100)]
    assert [(each.name, each.parts, each.note) for each in every] == [(str(number), [], "n") for number in range(100)]
    assert len({id(each.parts) for each in every}) == 100
    make: Any = Fresh
    for given, named in (((), {}), (("a",), {"name": "b"}), (("a", [], "n"), {}), (("a",), {"x": 1})):
        with pytest.raises(TypeError):
            make(*given, **named)
