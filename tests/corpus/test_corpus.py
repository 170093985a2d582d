"""The corpus: seeded mistakes are caught with the right code at the right place, good documents are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus.measure import Measured, measure, mistakes, variants
from corpus.patches import trial

from engine.source.catalogue import load_all


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder: Path = tmp_path_factory.mktemp("corpus") / "workspace"
    folder.mkdir()
    with trial(folder) as tried:
        return measure(tried)


def test_every_mistake_is_caught_at_its_place_and_told_once(measured: Measured) -> None:
    assert measured.missed == []


def test_good_documents_are_left_alone(measured: Measured) -> None:
    assert measured.false_positives == []


def test_the_corpus_is_large_enough_to_mean_something(measured: Measured) -> None:
    assert measured.mistakes >= 150
    assert measured.good >= 200


def test_the_corpus_covers_every_family_of_codes_and_no_code_that_is_gone() -> None:
    codes = {each.code for each in mistakes()}
    assert codes <= set(load_all())
    families = {"YAML", "SPEC", "FLOW", "MAP", "EXPR", "TYPE", "MONEY", "SCHEMA", "VERS", "POL", "CONN", "FIN", "TEST"}
    assert {code.rstrip("0123456789") for code in codes} >= families
    assert len(codes) >= 90


def test_no_two_entries_are_the_same() -> None:
    ids = [each.patch.id for each in mistakes()] + [f"good {each.id}" for each in variants()]
    assert len(set(ids)) == len(ids)
    changes = [(each.file, each.find, each.replace, each.nth) for each in variants()]
    assert len(set(changes)) == len(changes)
