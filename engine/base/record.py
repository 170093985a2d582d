"""Frozen records: with keyword-only fields what the declarations of documents and of facts are made of, with
positional ones plain values.

They are dataclasses (``fields``, ``replace`` and ``is_dataclass`` know them), but for their methods. ``dataclasses``
would write and compile six of these for each class at import, and every command imports hundreds of classes of which
it makes few. Here one set of methods serves all, and the ``__init__`` of a class is written when one is first made.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[T]) -> type[T]:
    """Make a class a frozen record with slots. Defaults of its fields are values, not factories; it has no bases."""
    return _made(cls, kw_only=True)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class what ``dataclass(frozen=True, slots=True)`` makes of it, at a fraction of the cost."""
    return _made(cls, kw_only=False)


def _made(cls: type[T], *, kw_only: bool) -> type[T]:
    """The class again, with slots and the methods of all records: to give it methods one by one costs far more."""
    if cls.__doc__ is None:
        cls.__doc__ = f"{cls.__name__}(...)"  # with the whole signature it would cost more than the class
    dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
    inherited = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    kept = {name: value for name, value in cls.__dict__.items() if name not in names and name not in _OF_NO_SLOTS}
    kept["__slots__"] = tuple(name for name in names if name not in inherited)
    metaclass: Any = type(cls)
    made: type[T] = metaclass(cls.__name__, cls.__bases__, {**_METHODS, **kept})
    made.__qualname__ = cls.__qualname__
    return made


#: What a class has only where its values have a dict.
_OF_NO_SLOTS = frozenset(("__dict__", "__weakref__"))


def _first_init(self: Any, *given: Any, **named: Any) -> None:
    """The ``__init__`` of a class of which none was made yet."""
    cls = type(self)
    init = _written_init(cls)
    setattr(cls, "__init__", init)  # noqa: B010 - a class's own method, set late
    init(self, *given, **named)


def _written_init(cls: type[Any]) -> Callable[..., None]:
    parameters, keywords, lines = ["self"], ["*"], []
    namespace: dict[str, Any] = {"unset": dataclasses.MISSING}
    for field in dataclasses.fields(cls):
        name = field.name
        namespace[f"set_{name}"] = getattr(cls, name).__set__
        parameter, value = name, name
        if field.default_factory is not dataclasses.MISSING:
            namespace[f"make_{name}"] = field.default_factory
            parameter, value = f"{name}=unset", f"make_{name}() if {name} is unset else {name}"
        elif field.default is not dataclasses.MISSING:
            namespace[f"default_{name}"] = field.default
            parameter = f"{name}=default_{name}"
        (keywords if field.kw_only else parameters).append(parameter)
        lines.append(f" set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    written = ", ".join([*parameters, *(keywords if len(keywords) > 1 else ())])
    exec("\n".join([f"def __init__({written}):", *(lines or [" pass"])]), namespace)  # noqa: S102 - names of fields
    init: Callable[..., None] = namespace["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


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


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_METHODS: dict[str, Any] = {
    "__init__": _first_init, "__eq__": _equal, "__hash__": _hash, "__repr__": _repr, "__setattr__": _set,
    "__delattr__": _delete, "__getstate__": _state, "__setstate__": _restore,
}  # fmt: skip
