"""Policies whose rules refuse nothing, refuse everything, or say the same twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from engine.base.record import frozen
from engine.expr.nodes import And, Ast, Compare, Not
from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.lint.syntax import syntax
from engine.lint.texts import leaves_of
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.policy import Policy, Rule
from engine.spec.values import Expression

_BLANK = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"(?<![.\w])[a-z]\w*")
_VALUE = re.compile(r"\bvalues\s*\.\s*\"?(\w+)")
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


@frozen
class _Read:
    """A rule with what its conditions are made of."""

    rule: Rule
    when: Ast | None
    given: frozenset[Ast]
    required: frozenset[Ast]


def check(subject: Subject) -> Iterator[Diagnostic]:
    for policy in subject.workspace.policies:
        yield from subject.known.told(_policy, policy)


def _policy(policy: Policy) -> Iterator[Diagnostic]:
    if not policy.rules:
        lets = "every ledger write passes it" if policy.posting_controls else "everything passes it"
        message = f"policy `{policy.id}` has no rules: {lets}"
        yield finding("POL220", message, policy.span, "add a rule, or remove the policy")
    rules = [_read(rule) for rule in policy.rules]
    for rule in rules:
        yield from _never(rule)
    yield from _one_reason(policy)
    for first, second in combinations(rules, 2):
        if first.required and second.required and first.when == second.when:
            yield from _together(first, second)
    yield from _unused(policy) if policy.rules else ()


def _read(rule: Rule) -> _Read:
    when, require = _tree(rule.when), _tree(rule.require)
    given = frozenset() if when is None else frozenset(_parts(when))
    return _Read(rule, when, given, frozenset() if require is None else frozenset(_parts(require)))


def _never(read: _Read) -> Iterator[Diagnostic]:
    rule = read.rule
    if not read.given or not read.required:
        return
    if read.required <= read.given:
        message = f"rule `{rule.id}` never refuses anything: it requires what its `when` says already"
        yield finding("POL221", message, rule.require.span, "require something else, or take it out of `when`")
    elif any(_contradict(part, other) for part in read.required for other in read.given):
        message = f"rule `{rule.id}` refuses whatever it applies to: `require` denies its own `when`"
        yield finding("POL222", message, rule.require.span, "correct one of the two")


def _one_reason(policy: Policy) -> Iterator[Diagnostic]:
    seen: dict[str, Rule] = {}
    for rule in policy.rules:
        first = seen.setdefault(rule.reason, rule)
        if first is not rule:
            yield finding(
                "POL225",
                f"rules `{first.id}` and `{rule.id}` give the same reason `{rule.reason}`",
                rule.span,
                "give each a reason of its own, so that reports can tell them apart",
                (Label(first.span, "the other rule"),),
            )


def _together(first: _Read, second: _Read) -> Iterator[Diagnostic]:
    """What is wrong with two rules that apply to the same."""
    one, other = first.rule, second.rule
    if second.required <= first.required:
        yield finding(
            "POL223",
            f"rule `{other.id}` says again what rule `{one.id}` says: one slip is reported twice",
            other.require.span,
            "keep one of them",
            (Label(one.require.span, "the same is required here"),),
        )
    elif any(_contradict(part, against) for part in first.required for against in second.required):
        yield finding(
            "POL224",
            f"nothing satisfies both rule `{one.id}` and rule `{other.id}`",
            other.require.span,
            "correct one of them, or give them a `when`",
            (Label(one.require.span, "the opposite is required here"),),
        )


def _tree(expression: Expression | None) -> Ast | None:
    return None if expression is None else syntax(expression)


def _parts(ast: Ast) -> Iterator[Ast]:
    """What must all be true."""
    if isinstance(ast, And):
        yield from _parts(ast.left)
        yield from _parts(ast.right)
    else:
        yield ast


def _contradict(one: Ast, other: Ast) -> bool:
    if (isinstance(one, Not) and one.child == other) or (isinstance(other, Not) and other.child == one):
        return True
    return (
        isinstance(one, Compare)
        and isinstance(other, Compare)
        and one.left == other.left
        and one.right == other.right
        and _OPPOSITE[one.operator] == other.operator
    )


def _unused(policy: Policy) -> Iterator[Diagnostic]:
    """Inputs and values that nothing reads."""
    said = [leaf.text for leaf in leaves_of((policy.rules, policy.lookups, policy.values))]
    for rule in policy.rules:
        said += [blank for text in (rule.message.text, rule.action.text) for blank in _BLANK.findall(text)]
    text = "\n".join(said)
    inputs, values = set(_NAME.findall(text)), set(_VALUE.findall(text))
    for name, declared in policy.input:
        if name not in inputs:
            message = f"no rule of `{policy.id}` reads the input `{name}`"
            yield finding("POL226", message, declared.span, "remove it here and where the policy is checked")
    for name, expression in policy.values:
        if name not in values:
            message = f"no rule of `{policy.id}` reads the value `{name}`"
            yield finding("POL226", message, expression.span, "remove it, or require something of it")
