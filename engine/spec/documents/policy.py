"""Policies: rule sets evaluated before anything is written to a ledger."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective, InputType, TableLookup
from engine.spec.shape import Map, declare, shape
from engine.spec.values import Expression, Template


@shape
class Rule:
    """One control. A rule whose `require` is false is a business exception that speaks to its owner."""

    id: str = declare("Name of the rule.", pattern=NAME)
    summary: str = declare("What it guards.")
    when: Expression | None = declare("The rule applies only if this is true.", default=None)
    require: Expression = declare("Must be true.")
    reason: str = declare("A stable reason code.", pattern=NAME)
    message: Template = declare("What is wrong, naming customer, document and amount.")
    action: Template = declare("What the owner should do.")
    owner: str = declare("The team that acts.")
    amount: Expression | None = declare("The amount at risk (money).", default=None)
    span: Span


@shape
class Policy:
    """A policy (`*.policy.yaml`). All rules are evaluated; every violation is reported."""

    id: str = declare("Name of the policy.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION)
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it controls.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    posting_controls: bool = declare(
        "True for the policy that every path to a ledger write must pass (requirements section C).", default=False
    )
    input: Map[InputType] = declare("The named inputs.")
    lookups: Map[TableLookup] = declare("Rows looked up once, by name.", default=Map())
    values: Map[Expression] = declare("Intermediate values, in order.", default=Map())
    rules: tuple[Rule, ...] = declare("In order.")
    span: Span
