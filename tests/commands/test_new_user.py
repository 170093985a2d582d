"""The first hour with a workspace: what `init` makes, what one adds to it, and what one is shown of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon_world import event

EVENT = "mappings/flows/fixtures/invoice_upgrade.json"

TABLE = """\
spec: table/v1
id: regions
version: "1.0.0"
owner: sales-operations
summary: The sales region of each country.
columns:
  country:
    type: text
    summary: The country of the customer.
  region:
    type: text
    summary: The region that sells there.
key:
  - country
file: regions.csv
missing:
  reason: unknown_region
  message: No region sells in {{ country }}.
  action: Add the country to the table of regions.
  owner: sales-operations
"""

MAPPING = """\
spec: mapping/v1
id: customer_region
version: "1.0.0"
owner: sales-operations
summary: Who sells to a customer.
input:
  customer:
    schema: customer@1
output: customer_region@1
fields:
  customer: =customer.id
  country: =default(customer.address.country, 'none')
"""

POLICY = """\
spec: policy/v1
id: region_rules
version: "1.0.0"
owner: sales-operations
summary: Which customers a region may serve.
input:
  customer:
    schema: customer@1
rules:
  - id: open
    summary: A closed customer is not sold to.
    require: =customer.status != 'closed'
    reason: customer_is_closed
    message: Customer {{ customer.id }} is closed.
    action: Open the customer in billing.
    owner: billing-operations
"""

FLOW = """\
spec: flow/v1
id: region_found
version: "1.0.0"
owner: sales-operations
summary: Says which region sells to a customer.
trigger:
  call:
    input:
      customer:
        schema: customer@1
steps:
  - id: rules
    check:
      policy: region_rules@1
      input:
        customer: =customer
  - id: mapped
    map:
      mapping: customer_region@1
      input:
        customer: =customer
  - id: region
    lookup:
      table: regions
      key:
        country: =steps.mapped.country
output:
  region: =steps.region.region
"""


SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "tieout:schema/customer_region@1",
    "x-version": "1.0.0",
    "title": "Customer and country",
    "type": "object",
    "additionalProperties": False,
    "required": ["customer", "country"],
    "properties": {
        "customer": {"type": "string", "description": "The customer's id."},
        "country": {"type": "string", "description": "Where it is."},
    },
}

MAPPING_TEST = """\
spec: test/v1
id: customer_region
summary: The country is the address's.
target:
  mapping: customer_region@1
given:
  customer:
    file: accounting/fixtures/customer.json
cases:
  - id: mapped
    expect:
      output:
        customer: cus_acme
        country: US
"""

POLICY_TEST = """\
spec: test/v1
id: region_rules
summary: A closed customer is refused.
target:
  policy: region_rules@1
given:
  customer:
    file: ../mappings/accounting/fixtures/customer.json
cases:
  - id: closed
    change:
      customer.status: closed
    expect:
      violations: [open]
  - id: active
    expect:
      violations: []
"""

FLOW_TEST = """\
spec: test/v1
id: region_found
summary: The region of a country, or a question to sales.
target:
  flow: region_found@1
given:
  customer:
    file: accounting/fixtures/customer.json
cases:
  - id: american
    expect:
      outcome: completed
      path: [rules, mapped, region]
  - id: nowhere
    change:
      customer.address.country: FR
    expect:
      outcome: exception
      exception:
        reason: unknown_region
        message_contains: [FR]
"""

DOCUMENTS = {
    "mappings/region.table.yaml": TABLE,
    "mappings/regions.csv": "country,region\nUS,Americas\nDE,Europe\n",
    "mappings/customer_region.mapping.yaml": MAPPING,
    "mappings/customer_region.test.yaml": MAPPING_TEST,
    "mappings/region_found.flow.yaml": FLOW,
    "mappings/region_found.test.yaml": FLOW_TEST,
    "policies/region_rules.policy.yaml": POLICY,
    "policies/region_rules.test.yaml": POLICY_TEST,
    "schemas/customer_region@1.schema.json": json.dumps(SCHEMA),
}


@pytest.fixture
def shop(tieout: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace fresh from `init`, which is the current folder."""
    for name in ("TIEOUT_STATE", "TIEOUT_STORE", "TIEOUT_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    said = tieout("init", str(tmp_path / "shop"))
    assert said.code == 0
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def test_a_table_a_mapping_a_rule_and_a_flow_of_ones_own(tieout: Any, shop: Path) -> None:
    for file, text in DOCUMENTS.items():
        (shop / file).write_text(text, "utf-8")
    linted = tieout("lint")
    assert (linted.code, linted.out) == (0, "no findings\n")
    for name, cases in (("customer_region", 1), ("region_rules", 2), ("region_found", 2)):
        tested = tieout("test", "--only", name, "--json").json
        assert (tested["passed"], tested["cases"]) == (True, cases), tested
    customer = json.loads((shop / "mappings/accounting/fixtures/customer.json").read_text("utf-8"))
    seen = tieout("trace", "region_found", "--event", "-", "--json", stdin=json.dumps({"customer": customer}).encode())
    assert (seen.code, seen.json["output"]) == (0, {"region": "Americas"}), seen.err


def test_a_trace_fits_on_a_screen_and_names_what_would_be_sent(tieout: Any, shop: Path) -> None:
    said = tieout("trace", "invoice_posted", "--event", EVENT)
    lines = said.out.splitlines()
    assert said.code == 0
    assert max(map(len, lines)) <= 130
    assert '"amount": {"amount": "-10000.00", "currency": "USD"},' in said.out
    sent = [line for line in lines if line.startswith("would send: ")]
    assert [line.split("  [")[0] for line in sent] == [
        "would send: invoice.create to erp",
        "would send: invoice.annotate to billing",
    ]
    steps = tieout("trace", "invoice_posted", "--event", EVENT, "--json").json["steps"]
    assert all(step["type"] for step in steps)
    assert sum(line.startswith("  type    ") for line in lines) == sum(step["state"] == "done" for step in steps)


def test_the_long_values_of_a_trace_are_the_json_they_stand_for(tieout: Any, shop: Path) -> None:
    lines = tieout("trace", "invoice_posted", "--event", EVENT).out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  input   {"))
    end = next(number for number, line in enumerate(lines) if line.startswith("  output "))
    shown = json.loads("\n".join(line[10:] for line in lines[start:end]))
    assert shown == tieout("trace", "invoice_posted", "--event", EVENT, "--json").json["steps"][0]["input"]


MISTAKES = (
    ("lint", "--workspace", "nowhere"),
    ("explain", "YAML99"),
    ("eval", "1 +"),
    ("eval", "nothing_of_this(1)"),
    ("trace", "invoice_postd", "--event", EVENT),
    ("run", "invoice_posted", "--event", "missing.json"),
    ("call", "nothing", "--input", "missing.json"),
    ("status",),
    ("runs",),
    ("exceptions", "list"),
    ("exceptions", "show", "x"),
    ("retry", "x"),
    ("lineage", "x"),
    ("audit", "verify"),
)


@pytest.mark.parametrize("command", MISTAKES, ids=" ".join)
def test_what_the_user_can_mend_exits_with_2_and_says_so(tieout: Any, shop: Path, command: tuple[str, ...]) -> None:
    said = tieout(*command, "--json")
    assert said.code == 2
    assert "Traceback" not in said.out + said.err
    assert "rror: " in said.err
    if said.out:
        assert said.json["error"] in said.err


def ids_in(value: Any) -> Iterator[str]:
    """Every id that a lineage shows."""
    for chain in value:
        yield chain["message"]["id"]
        yield chain["message"]["source_id"]
        for run in chain["runs"]:
            yield from (run["id"], run["event_id"], run["subject"])
            for effect in run["effects"]:
                yield from (effect["key"], effect["document_id"], effect["document_number"])


def test_every_id_that_a_chain_shows_leads_to_the_chain(tieout: Any, place: Path) -> None:
    ran = tieout("run", "bill_posted", "--event", "-", stdin=json.dumps(event("chain-7")).encode())
    assert ran.code == 0, ran.err
    chains = tieout("lineage", "event-chain-7", "--json").json
    known = {each for each in ids_in(chains) if each}
    assert len(known) >= 6
    for each in known:
        said = tieout("lineage", each)
        assert said.code == 0, each
        assert chains[0]["message"]["id"] in said.out
    (key,) = {effect["key"] for effect in chains[0]["runs"][0]["effects"]}
    assert f"[{key}]" in ran.out
