"""Connections: which system, where, with which secrets, how hard it may be driven."""

from __future__ import annotations

import datetime
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Duration, Tree

TIME_OF_DAY = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"


@shape
class SecretSource:
    """Where a secret is read from at start-up; never its value."""

    env: str | None = declare("An environment variable.", default=None)
    file: str | None = declare("A file that only the daemon may read.", default=None)
    span: Span

    RULES = (ExactlyOne(("env", "file")),)


@shape
class Budget:
    """How hard the system may be driven, over all flows together."""

    concurrency: int = declare("Requests in flight at once.", default=8)
    per_second: int | None = declare("Requests per second; unlimited if left out.", default=None)
    timeout: Duration | None = declare("Longest wait for one answer; 30 seconds if left out.", default=None)
    attempts_max: int = declare("Tries of one effect before a person is asked.", default=8)
    elapsed_max: Duration | None = declare(
        "Longest time from the first try to the last; a day if left out.", default=None
    )
    span: Span


class Weekday(StrEnum):
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


@shape
class Maintenance:
    """A time in which the system is left alone. What is due then waits, without using up tries, and goes on
    afterwards. Without `days` and `dates` it is every day."""

    days: tuple[Weekday, ...] = declare("On these weekdays; the day on which it begins counts.", default=())
    dates: tuple[datetime.date, ...] = declare("Instead of `days`: only on these dates.", default=())
    from_: str = declare("When it begins. Written as the key `from`.", pattern=TIME_OF_DAY, example="22:00")
    to: str = declare(
        "When it ends; on the next day if that is earlier than `from`.", pattern=f"{TIME_OF_DAY}|24:00", example="02:00"
    )
    zone: str = declare("IANA time zone of these times.", example="Europe/Berlin")
    reason: str = declare("Why, as people will read it while they wait.", example="nightly backup of the ledger")
    span: Span


@shape
class Connection:
    """A connection (`*.connection.yaml`)."""

    id: str = declare("Name of the connection.", pattern=NAME)
    connector: str = declare("The connector that speaks the system's protocol.", pattern=NAME)
    owner: str = declare("The team that answers for it.")
    summary: str = declare("Which system this is.")
    settings: Map[Tree] = declare(
        "The connector's settings. `{env: NAME, default: ...}` as a value reads an environment variable.", default=Map()
    )
    secrets: Map[SecretSource] = declare("The connector's secrets, by reference.", default=Map())
    hosts: tuple[str, ...] = declare("Hosts it may reach; nothing else is.", default=())
    budget: Budget | None = declare("How hard it may be driven.", default=None)
    maintenance: tuple[Maintenance, ...] = declare("When it is left alone.", default=())
    span: Span
