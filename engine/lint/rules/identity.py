"""Business identities that are the same for every event, or for two steps of one flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.expr.nodes import Ast, Current, Field, children
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.lint.syntax import syntax
from engine.source.diagnostic import Diagnostic, Label
from engine.spec.documents.flow import Post, Step
from engine.spec.values import Expression

#: What makes two posts one effect, as it is written; and the condition both carry.
Key = tuple[str, str, str, str, str]


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.post is not None and _is_constant(step.post.identity.object):
                yield finding(
                    "FLOW203",
                    f"the identity of step `{step.id}` has the same object for every event",
                    step.post.identity.object.span,
                    "use the id that the source system gives to the object",
                )
        yield from _twice(flow.steps, {})


def _is_constant(expression: Expression) -> bool:
    ast = syntax(expression)
    return ast is not None and not _reads(ast)


def _reads(ast: Ast) -> bool:
    return isinstance(ast, Field | Current) or any(_reads(child) for child in children(ast))


def _twice(steps: Sequence[Step], before: dict[Key, Step]) -> Iterator[Diagnostic]:
    """Posts that certainly both run whenever the later one does: the first unconditional, or with the very same
    condition; and those that a later one without any condition repeats."""
    seen = dict(before)
    for step in steps:
        if step.post is not None:
            key = _key(step.post, "" if step.when is None else step.when.text.strip())
            always = (*key[:-1], "")
            first = seen.get(key) or seen.get(always)
            if first is None and key == always:
                first = next((each for other, each in seen.items() if other[:-1] == key[:-1]), None)
            if first is not None:
                yield finding(
                    "FLOW204",
                    f"steps `{first.id}` and `{step.id}` have the same business identity",
                    step.post.identity.span,
                    "give each effect a `purpose` of its own",
                    (Label(first.span, "the other step"),),
                )
            seen.setdefault(key, step)
        elif step.branch is not None:
            # What runs within a case under its condition is repeated by what ran before without one.
            known = seen if step.when is None else {key: each for key, each in seen.items() if not key[-1]}
            for case in step.branch.cases:
                yield from _twice(case.steps, known)
            yield from _twice(step.branch.otherwise.steps, known)
        elif step.each is not None:
            yield from _twice(step.each.steps, {})


def _key(post: Post, when: str) -> Key:
    identity = post.identity
    return post.connection.text, identity.object.text.strip(), identity.revision.text.strip(), identity.purpose, when
