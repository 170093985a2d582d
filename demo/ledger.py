"""An independent judge of the books: the ERP's journal, written as text and added up by another program, beancount.

Beancount is a separate program in an environment of its own. It reads a text file and answers in text; nothing of
it is imported.
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from demo.environment import ProgramVenv, Progress, ensure_ledger_environment
from engine.base.errors import UserError
from engine.base.money import decimal_text

#: Entity, account code, currency.
AccountKey: TypeAlias = tuple[str, str, str]

_ROOTS: Mapping[str, str] = {"1": "Assets", "2": "Liabilities", "3": "Equity", "4": "Income"}
_OTHER_ROOT = "Expenses"
_QUERY = "SELECT account, currency, sum(number) AS total GROUP BY account, currency"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Difference:
    """An account on which the ledger program and the expectation do not agree. Debit is positive."""

    entity: str
    account: str
    currency: str
    expected: Decimal
    found: Decimal


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What the ledger program says. ``errors`` are its own words; with any, there are no balances to trust."""

    balances: Mapping[AccountKey, Decimal]
    errors: tuple[str, ...]
    entries: int

    @property
    def ok(self) -> bool:
        """Whether it took every entry."""
        return not self.errors

    def differences(self, expected: Mapping[AccountKey, Decimal]) -> tuple[Difference, ...]:
        """Account by account, where the balances are not the expected ones. A missing account counts as zero."""
        zero = Decimal(0)
        return tuple(
            Difference(*key, expected=expected.get(key, zero), found=self.balances.get(key, zero))
            for key in sorted(self.balances.keys() | expected.keys())
            if self.balances.get(key, zero) != expected.get(key, zero)
        )


def check_with_beancount(
    journal: Mapping[str, Sequence[Mapping[str, Any]]], state: Path, progress: Progress
) -> LedgerReport:
    """Let beancount check and add up a journal: by entity, the entries of the ERP's ``journal.export``.

    Raises UserError if the program cannot be installed or run.
    """
    venv = ensure_ledger_environment(state, progress)
    text, names = beancount_text(journal)
    file = state / "journal.beancount"
    file.write_text(text, "utf-8")
    entries = sum(len(rows) for rows in journal.values())
    checked = _run(venv, "bean-check", str(file))
    if checked.returncode != 0:
        lines = (checked.stderr or checked.stdout).splitlines()
        errors = tuple(line.strip() for line in lines if line.strip())
        return LedgerReport({}, errors or ("bean-check failed without a word",), entries)
    asked = _run(venv, "bean-query", "-f", "csv", str(file), _QUERY)
    if asked.returncode != 0:
        raise UserError(f"the ledger program could not add up {file}: {asked.stderr.strip()}")
    return LedgerReport(_balances(asked.stdout, names), (), entries)


def read_journal(
    pages: Iterable[Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """The entries of the pages of a ``journal.export``, in order."""
    return [entry for page in pages for entry in page["entries"]]


def beancount_text(
    journal: Mapping[str, Sequence[Mapping[str, Any]]],
) -> tuple[str, Mapping[str, tuple[str, str]]]:
    """The journal in beancount's language, and which entity and account code each of its account names stands for."""
    names: dict[str, tuple[str, str]] = {}
    out = io.StringIO()
    out.write('plugin "beancount.plugins.auto_accounts"\n')
    for entity, entries in journal.items():
        for entry in entries:
            words = " ".join(part for part in (entry["origin_reference"], entry["description"]) if part)
            out.write(f'\n{entry["date"]} * "{_quoted(entry["number"] or entry["id"])}" "{_quoted(words)}"\n')
            for line in entry["lines"]:
                name = _account_name(entity, line["account"])
                names[name] = (entity, line["account"])
                amount = Decimal(line["debit"]["amount"]) - Decimal(line["credit"]["amount"])
                out.write(f"  {name}  {decimal_text(amount)} {line['debit']['currency']}\n")
    return out.getvalue(), names


def _account_name(entity: str, code: str) -> str:
    """A name that beancount takes: a root by the first digit of the code, then parts that start with a capital."""
    root = _ROOTS.get(code[:1], _OTHER_ROOT)
    return f"{root}:E{_NOT_IN_NAMES.sub('-', entity)}:A{_NOT_IN_NAMES.sub('-', code)}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def _balances(answer: str, names: Mapping[str, tuple[str, str]]) -> dict[AccountKey, Decimal]:
    balances: dict[AccountKey, Decimal] = {}
    for row in csv.DictReader(io.StringIO(answer)):
        cells = {name.strip(): value.strip() for name, value in row.items()}
        entity, code = names[cells["account"]]
        total = Decimal(cells["total"])
        if total:
            balances[entity, code, cells["currency"]] = total
    return balances


def _run(venv: ProgramVenv, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [venv.program(program), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
