"""Migration between versions of the language: automatic where meaning can be decided, a list of places where not."""

from __future__ import annotations

from collections.abc import Iterator

from engine.rewrite.migrate import MIGRATIONS, NEWEST, Doubt, Migration, migrate, renamed
from engine.source.node import Mapping, Node
from engine.spec.kinds import KINDS

OLD = """\
spec: flow/v1
id: booked  # the name stays
steps:
  # first
  - id: one
    on_failure: retry
"""


def nothing(_: Node) -> Iterator[Doubt]:
    yield from ()


def unclear(node: Node) -> Iterator[Doubt]:
    assert isinstance(node, Mapping)
    for entry in node.entries:
        if entry.key == "owner":
            yield Doubt(entry.key_span, "an owner is a team now: name the team")


FLOW_2 = Migration(
    "flow", 1, "on_failure is on_error", lambda node: renamed(node, ("steps", "*", "on_failure"), "on_error"), nothing
)
FLOW_3 = Migration("flow", 2, "steps have names", lambda node: renamed(node, ("steps", "*", "id"), "name"), unclear)


def test_todays_language_has_one_version_of_every_kind() -> None:
    assert (set(NEWEST), set(NEWEST.values()), MIGRATIONS) == ({*KINDS, "connector"}, {1}, ())
    states = migrate({"a.yaml": OLD, "b.yaml": "spec: flow/v2\n", "c.yaml": "spec: nothing/v1\n", "d.yaml": "a: [\n"})
    assert [(each.file, each.state) for each in states] == [
        ("a.yaml", "current"), ("b.yaml", "newer"), ("c.yaml", "unread"), ("d.yaml", "unread"),
    ]  # fmt: skip


def test_steps_follow_each_other_and_comments_stay() -> None:
    (done,) = migrate({"a.yaml": OLD}, (FLOW_3, FLOW_2), {"flow": 3})
    assert (done.state, done.version, done.steps) == (
        "automatic",
        1,
        ("on_failure is on_error", "steps have names"),
    )
    assert done.text == (
        "spec: flow/v3\nid: booked  # the name stays\nsteps:\n  # first\n  - name: one\n    on_error: retry\n"
    )
    (again,) = migrate({"a.yaml": done.text}, (FLOW_3, FLOW_2), {"flow": 3})
    assert again.state == "current"


def test_what_a_person_decides_is_a_place_and_a_reason_and_nothing_is_changed() -> None:
    (found,) = migrate({"a.yaml": OLD + "owner: someone\n"}, (FLOW_3, FLOW_2), {"flow": 3})
    assert (found.state, found.text) == ("manual", None)
    assert [(str(each.span), each.reason) for each in found.doubts] == [
        ("a.yaml:7:1", "an owner is a team now: name the team")
    ]
