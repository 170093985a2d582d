"""Frozen records: with keyword-only fields what the declarations of documents and of facts are made of, with
positional ones plain values. And plain values that change.

They are dataclasses (``fields``, ``replace`` and ``is_dataclass`` know them), but for their methods. ``dataclasses``
would write and compile six of these for each class at import, and every command imports hundreds of classes of which
it makes few. Here one set of methods serves all, and the ``__init__`` of a class is written when many are made.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any, NoReturn, TypeAlias, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[T]) -> type[T]:
    """Make a class a frozen record with slots. Defaults of its fields are values, not factories; it has no bases."""
    return _made(cls, kw_only=True)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class what ``dataclass(frozen=True, slots=True)`` makes of it, at a fraction of the cost."""
    return _made(cls, kw_only=False)


@dataclass_transform(field_specifiers=(dataclasses.field,))
def mutable(cls: type[T]) -> type[T]:
    """Make a class what ``dataclass(slots=True)`` makes of it, at a fraction of the cost."""
    return _made(cls, kw_only=False, methods=_METHODS_OF_MUTABLE)


def _made(cls: type[T], *, kw_only: bool, methods: Mapping[str, Any] | None = None) -> type[T]:
    """The class again, with slots and the methods of all records: to give it methods one by one costs far more.

    What ``dataclasses`` knows of its fields is worked out when it is first asked for, of the class as it was written.
    """
    if cls.__doc__ is None:
        cls.__doc__ = f"{cls.__name__}(...)"  # with the whole signature it would cost more than the class
    own = {
        name: _declared(cls, name, kw_only)
        for name in cls.__dict__.get("__annotations__", ())  # noqa: RUF063 - of hundreds of classes
        if not _is_of_class(cls, name)
    }
    inherited: dict[str, _Declared] = {}
    slots: set[str] = set()
    for base in cls.__mro__[-1:0:-1]:
        inherited.update(_DECLARED.get(base, {}))
        slots.update(base.__dict__.get("__slots__", ()))
    declared = {**inherited, **own}
    kept = {name: value for name, value in cls.__dict__.items() if name not in declared and name not in _OF_NO_SLOTS}
    kept["__slots__"] = tuple(name for name in declared if name not in slots)
    kept["__match_args__"] = tuple(name for name, each in declared.items() if each[2] is False)
    told = _Told(cls, kw_only)
    metaclass: Any = type(cls)
    made: type[T] = metaclass(
        cls.__name__, cls.__bases__, {**(methods or _METHODS), "__dataclass_fields__": told, **kept}
    )
    made.__qualname__ = cls.__qualname__
    told.made = made
    _DECLARED[made] = declared
    return made


#: What a class has only where its values have a dict.
_OF_NO_SLOTS = frozenset(("__dict__", "__weakref__"))

#: Of a field: its default, what makes its default (both MISSING if there is none), whether it is given by name only;
#: None if it is not given at all.
_Declared: TypeAlias = tuple[Any, Any, bool | None]
#: The fields of each record, those of its bases first.
_DECLARED: dict[type[Any], dict[str, _Declared]] = {}


def _declared(cls: type[Any], name: str, kw_only: bool) -> _Declared:
    default = cls.__dict__.get(name, dataclasses.MISSING)
    if not isinstance(default, dataclasses.Field):
        return default, dataclasses.MISSING, kw_only
    by_name = kw_only if default.kw_only is dataclasses.MISSING else bool(default.kw_only)
    return default.default, default.default_factory, by_name if default.init else None


def _is_of_class(cls: type[Any], name: str) -> bool:
    written = cls.__annotations__[name]
    return isinstance(written, str) and written.startswith(("ClassVar", "typing.ClassVar"))


class _Told:
    """The fields of a class, as ``dataclasses`` asks for them. They are put in its place when they are first asked for:
    most classes never are, and to go through one as ``dataclass`` does costs more than to make it."""

    __slots__ = ("_kw_only", "_written", "made")

    def __init__(self, written: type[Any], kw_only: bool) -> None:
        self._written = written
        self._kw_only = kw_only
        self.made: type[Any] = written

    def __get__(self, _value: object, _owner: type[Any]) -> dict[str, dataclasses.Field[Any]]:
        told: dict[str, Any] = {}
        for base in self.made.__mro__[-1:0:-1]:
            told.update(getattr(base, "__dataclass_fields__", {}))
        for name, written in self._written.__dict__.get("__annotations__", {}).items():  # noqa: RUF063 - as above
            if _is_of_class(self._written, name):
                continue
            value = self._written.__dict__.get(name, dataclasses.MISSING)
            field: Any = value if isinstance(value, dataclasses.Field) else dataclasses.field(default=value)
            field.name, field.type, field._field_type = name, written, _KIND_OF_FIELD
            if field.kw_only is dataclasses.MISSING:
                field.kw_only = self._kw_only
            told[name] = field
        setattr(self.made, "__dataclass_fields__", told)  # noqa: B010 - no attribute that a type checker knows
        return told


@dataclasses.dataclass(init=False, repr=False, eq=False)
class _Example:
    """What ``dataclasses`` keeps of every class beside its fields, and of every field beside what was declared."""

    field: int


_KIND_OF_FIELD: Any = vars(_Example)["__dataclass_fields__"]["field"]._field_type


#: An ``__init__`` is written when a class is made so often that this costs less than finding out each time.
_SELDOM = 12
_times: Counter[type[Any]] = Counter()


def _first_init(self: Any, *given: Any, **named: Any) -> None:
    """The ``__init__`` of a class of which few were made yet."""
    cls = type(self)
    _times[cls] += 1
    if _times[cls] > _SELDOM or not _set_fields(self, cls, given, named):
        init = _written_init(cls)
        setattr(cls, "__init__", init)  # noqa: B010 - a class's own method, set late
        init(self, *given, **named)
    elif hasattr(cls, "__post_init__"):
        self.__post_init__()


def _set_fields(self: Any, cls: Any, given: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """Set every field; False if what is given does not fit."""
    by_place, by_name = 0, 0
    for (name, (default, make, kw_only)), set_ in zip(_fields_of(cls).items(), _setters_of(cls), strict=True):
        if by_place < len(given) and kw_only is False:
            value = given[by_place]
            by_place += 1
        elif name in named and kw_only is not None:
            value = named[name]
            by_name += 1
        elif default is not dataclasses.MISSING:
            value = default
        elif make is not dataclasses.MISSING:
            value = make()
        elif kw_only is None:
            continue
        else:
            return False
        set_(self, value)
    return by_place == len(given) and by_name == len(named)


def _written_init(cls: type[Any]) -> Callable[..., None]:
    parameters, keywords, lines = ["self"], ["*"], []
    namespace: dict[str, Any] = {"unset": dataclasses.MISSING}
    guard: Any = cls.__setattr__
    is_mutable = guard is not _set
    for name, (default, make, kw_only) in _fields_of(cls).items():
        namespace[f"set_{name}"] = getattr(cls, name).__set__
        parameter, value = name, name
        if make is not dataclasses.MISSING:
            namespace[f"make_{name}"] = make
            parameter, value = f"{name}=unset", f"make_{name}() if {name} is unset else {name}"
        elif default is not dataclasses.MISSING:
            namespace[f"default_{name}"] = default
            parameter = f"{name}=default_{name}"
        if kw_only is None:
            if make is default is dataclasses.MISSING:
                continue
            value = f"make_{name}()" if make is not dataclasses.MISSING else f"default_{name}"
        else:
            (keywords if kw_only else parameters).append(parameter)
        lines.append(f" self.{name} = {value}" if is_mutable else f" set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    written = ", ".join([*parameters, *(keywords if len(keywords) > 1 else ())])
    exec("\n".join([f"def __init__({written}):", *(lines or [" pass"])]), namespace)  # noqa: S102 - names of fields
    init: Callable[..., None] = namespace["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _fields_of(cls: type[Any]) -> dict[str, _Declared]:
    known = _DECLARED.get(cls)
    if known is None:
        known = _DECLARED[cls] = next(_DECLARED[base] for base in cls.__mro__ if base in _DECLARED)
    return known


@cache
def _setters_of(cls: type[Any]) -> tuple[Callable[[Any, Any], None], ...]:
    return tuple(getattr(cls, name).__set__ for name in _fields_of(cls))


def hints_of(cls: type[Any]) -> dict[str, Any]:
    """The types of a record's fields, which has no bases: as ``typing.get_type_hints`` gives them, which would compile
    the same few annotations again for every class."""
    known = _HINTS.setdefault(cls.__module__, {})
    names = sys.modules[cls.__module__].__dict__
    found: dict[str, Any] = {}
    for name, written in cls.__annotations__.items():
        if written not in known:
            known[written] = eval(written, names)  # noqa: S307 - an annotation of ours
        found[name] = known[written]
    return found


#: What annotations mean, by module.
_HINTS: dict[str, dict[str, Any]] = {}


@cache
def _compared(cls: type[Any]) -> Callable[[Any], Any]:
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    return attrgetter(*names) if names else lambda _: ()


def _equal(self: Any, other: object) -> Any:
    if self is other:
        return True
    values = _compared(self.__class__)
    return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self.__class__)(self))


def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _set(_self: Any, name: str, _value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_self: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> tuple[Any, ...]:
    cls = self.__class__
    values, is_plain = _way_back(cls)
    return (cls, values(self)) if is_plain else (_restored, (cls, *values(self)))


def _restored(cls: Any, *values: Any) -> Any:
    made = cls.__new__(cls)
    for set_, value in zip(_setters_of(cls), values, strict=True):
        set_(made, value)
    return made


@cache
def _way_back(cls: type[Any]) -> tuple[Callable[[Any], tuple[Any, ...]], bool]:
    """What gives the values of all fields, and whether calling the class with them makes the same again."""
    fields = _fields_of(cls)
    is_plain = not hasattr(cls, "__post_init__") and all(by_name is False for _, _, by_name in fields.values())
    if len(fields) > 1:
        return attrgetter(*fields), is_plain
    return lambda value: tuple(getattr(value, name) for name in fields), is_plain


_METHODS: dict[str, Any] = {
    "__init__": _first_init, "__eq__": _equal, "__hash__": _hash, "__repr__": _repr, "__setattr__": _set,
    "__delattr__": _delete, "__reduce__": _reduce, "__dataclass_params__": vars(_Example)["__dataclass_params__"],
}  # fmt: skip
_METHODS_OF_MUTABLE: dict[str, Any] = {
    **{name: method for name, method in _METHODS.items() if name not in ("__setattr__", "__delattr__")},
    "__hash__": None,
}
