"""No path goes round the posting controls: the analysis against all paths, enumerated."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from engine.plan.controls import PostingControls
from engine.source.diagnostic import Diagnostics
from engine.source.node import Scalar
from engine.source.span import Span
from engine.spec.documents import common, flow
from engine.spec.shape import Map
from engine.spec.values import Expression, Name, Reference, Template, Tree

AT = Span("flow.yaml")
CONDITIONS = ("a", "b")


def expression(text: str) -> Expression:
    return Expression(text, AT)


def step(number: int, when: str | None, kind: str, inner: tuple[tuple[flow.Step, ...], ...] = ()) -> flow.Step:
    head = {"id": f"s{number}", "when": None if when is None else expression(when), "span": AT}
    if kind == "check":
        return flow.Step(**head, check=flow.Check(policy=Reference("controls", 1, AT), input=Map(), span=AT))
    if kind == "fail":
        text = Template("no", AT)
        complaint = common.Complaint(reason="no", message=text, action=text, owner="us", span=AT)
        return flow.Step(**head, fail=flow.Fail(complaint=complaint, span=AT))
    if kind == "branch":
        case = flow.Case(id="case", when=expression("c"), steps=inner[0], span=AT)
        otherwise = flow.Otherwise(steps=inner[1], span=AT)
        return flow.Step(**head, branch=flow.Branch(cases=(case,), otherwise=otherwise, span=AT))
    if kind == "each":
        each = flow.Each(over=expression("xs"), as_="x", key=expression("x"), steps=inner[0], span=AT)
        return flow.Step(**head, each=each)
    identity = flow.BusinessIdentity(object=expression("o"), revision=expression("r"), purpose="p", span=AT)
    post = flow.Post(
        connection=Name("ledger", AT),
        operation=Name("create", AT),
        identity=identity,
        input=Tree(Scalar(None, AT)),
        span=AT,
    )
    return flow.Step(**head, post=post)


WHEN = st.sampled_from([None, *CONDITIONS])
SIMPLE = st.builds(step, st.integers(0, 9), WHEN, st.sampled_from(["check", "post", "fail"]))
STEPS = st.recursive(
    st.lists(SIMPLE, max_size=3).map(tuple),
    lambda inner: st.lists(
        SIMPLE
        | st.builds(step, st.integers(0, 9), WHEN, st.just("branch"), st.tuples(inner, inner))
        | st.builds(step, st.integers(0, 9), WHEN, st.just("each"), st.tuples(inner)),
        max_size=4,
    ).map(tuple),
    max_leaves=12,
)


def paths(steps: tuple[flow.Step, ...], truth: dict[str, bool], passed: bool) -> Iterator[tuple[bool, bool, bool]]:
    """Every way through: whether the controls have passed, whether it went on, whether a post came too early."""
    if not steps:
        yield passed, True, False
        return
    first, rest = steps[0], steps[1:]
    for inside, goes_on, early in one(first, truth, passed):
        if early or not goes_on:
            yield inside, goes_on, early
        else:
            yield from paths(rest, truth, inside)


def one(step_: flow.Step, truth: dict[str, bool], passed: bool) -> Iterator[tuple[bool, bool, bool]]:
    if step_.when is not None and not truth[step_.when.text]:
        yield passed, True, False
    elif step_.check is not None:
        yield True, True, False
    elif step_.fail is not None:
        yield passed, False, False
    elif step_.post is not None:
        yield passed, True, not passed
    elif step_.branch is not None:
        yield from paths(step_.branch.cases[0].steps, truth, passed)
        yield from paths(step_.branch.otherwise.steps, truth, passed)
    elif step_.each is not None:
        # No element at all, or one: what happened in an element says nothing about the steps behind.
        yield passed, True, False
        for _, goes_on, early in paths(step_.each.steps, truth, passed):
            yield passed, goes_on, early


def goes_round(steps: tuple[flow.Step, ...]) -> bool:
    truths = (dict(zip(CONDITIONS, values, strict=True)) for values in product([True, False], repeat=len(CONDITIONS)))
    return any(early for truth in truths for _, _, early in paths(steps, truth, False))


def reported(steps: tuple[flow.Step, ...]) -> bool:
    found = Diagnostics()
    controls = PostingControls(
        is_control=lambda _policy: True,
        is_ledger_write=lambda _connection, _operation: True,
        callee_controls=lambda _flow: False,
        diagnostics=found,
    )
    document = flow.Flow(
        id="f",
        version="1.0.0",
        owner="us",
        summary="Any steps.",
        trigger=flow.Trigger(event=Reference("e", 1, AT), span=AT),
        steps=steps,
        span=AT,
    )
    controls.check(document)
    return len(found) > 0


@given(STEPS)
def test_whatever_goes_round_the_controls_is_reported(steps: tuple[flow.Step, ...]) -> None:
    if goes_round(steps):
        assert reported(steps)


@given(st.lists(SIMPLE.filter(lambda each: each.when is None), max_size=6).map(tuple))
def test_without_conditions_nothing_else_is_reported(steps: tuple[flow.Step, ...]) -> None:
    assert reported(steps) == goes_round(steps)
