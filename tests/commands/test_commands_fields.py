"""why and impact, on the shipped workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).parents[2])


def test_why_shows_a_tree_down_to_the_vendors_field(tieout: Any) -> None:
    said = tieout("why", "flow:invoice_posted/posted.lines.account", "--workspace", ROOT)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].startswith("flow:invoice_posted@1/posted.lines[].account")
    assert lines[0].endswith("sent to erp invoice.create")
    assert "mapping:ar_invoice@1/lines[].account  =lookups.product.account  mappings/accounting/ar_invoice" in said.out
    assert "└─ table:product_accounts.account  row by product:" in said.out
    assert "├─ by " in said.out
    found = tieout("why", "ar_invoice.lines.account", "--workspace", ROOT, "--json").json
    assert found["field"] == "mapping:ar_invoice@1/lines[].account"
    (column,) = found["origin"]["feeds"]
    assert (column["address"], column["kind"]) == ("table:product_accounts.account", "table")
    assert {each["kind"] for each in column["decided_by"]} == {"schema", "constant"}
    assert found["origin"]["file"] == "mappings/accounting/ar_invoice.mapping.yaml"


def test_impact_lists_documents_fields_rules_and_tests(tieout: Any) -> None:
    said = tieout("impact", "table:product_accounts.account", "--workspace", ROOT)
    assert said.code == 0, said.err
    for heading in ("sent to other systems", "fields of mappings", "steps of flows", "rules of policies"):
        assert f"\n{heading}\n" in said.out
    assert "invoice_posted (" in said.out.partition("tests that would notice")[2]
    found = tieout("impact", "stripe:invoice.finalized/data.object.total", "--workspace", ROOT, "--json").json
    addresses = {each["address"]: each for each in found["reaches"]}
    assert addresses["flow:invoice_posted@1/posted.total"]["sent_to"] == "erp invoice.create"
    assert addresses["event:invoice.finalized@1/data.invoice.total"]["indirectly"] is False
    assert any(each["test"] == "stripe_invoice_mapping" for each in found["tests"])


def test_a_field_that_is_not_there_is_told_what_was_meant(tieout: Any) -> None:
    said = tieout("why", "ar_invoice.totl", "--workspace", ROOT)
    assert (said.code, "did you mean `total`?" in said.err) == (2, True)
    said = tieout("impact", "schema:invoice@1/totl", "--workspace", ROOT, "--json")
    assert said.code == 2


def test_the_guide_shows_what_is_printed(tieout: Any) -> None:
    guide = (Path(ROOT) / "docs" / "guides" / "fields.md").read_text("utf-8")
    shown = guide.partition("$ tieout why ar_invoice.lines.account\n")[2].partition("```")[0]
    assert shown == tieout("why", "ar_invoice.lines.account", "--workspace", ROOT).out
