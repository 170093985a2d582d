"""Saying no as Tryton does."""

from __future__ import annotations

from typing import NoReturn

from connectors.tryton.protocol import Refusal
from connectors.tryton.sandbox.records import Record, Records


def refuse(message: str) -> NoReturn:
    """Say no in words for people."""
    raise Refusal("UserError", message)


def need(records: Records, model: str, number: int) -> Record:
    """The record with an id, or a refusal."""
    record = records.get(model, number)
    if record is None:
        refuse(f'You are trying to read records "{number}" of "{model}" that don\'t exist.')
    return record
