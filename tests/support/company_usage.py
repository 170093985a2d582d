"""Usage of the generated company: records with duplicates, corrections and deletions."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from company_year import HORIZON

if TYPE_CHECKING:
    from company_year import Customer


def records_of(customer: Customer, number: int = 60) -> list[dict[str, Any]]:
    """The records of a customer until the end of the year, as they arrived."""
    dice = customer.dice
    seconds = (HORIZON - customer.start).days * 86_400
    begin = datetime.combine(customer.start, time(), UTC)
    records: list[dict[str, Any]] = []
    for index in range(number):
        at = begin + timedelta(seconds=dice.randrange(seconds))
        record = {
            "id": f"{customer.id}-u{index}", "time": at.isoformat().replace("+00:00", "Z"), "meter": "api_calls",
            "customer": customer.id, "calls": str(dice.randint(1, 900)),
        }  # fmt: skip
        records.append(record)
        match dice.randint(0, 11):
            case 0:
                records.append(dict(record))
            case 1:
                records.append({**record, "id": f"{record['id']}c", "calls": "17", "corrects": record["id"]})
            case 2:
                records.append({**record, "id": f"{record['id']}d", "calls": "0", "deletes": record["id"]})
    return records
