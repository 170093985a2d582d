"""The diagnostic codes of the lint rules."""

from __future__ import annotations

from engine.lint.codes_flows import FLOW_CODES
from engine.lint.codes_missed import MISSED_CODES
from engine.lint.codes_slips import SLIP_CODES
from engine.lint.codes_values import VALUE_CODES
from engine.source.catalogue import Code, register, sections
from engine.source.diagnostic import Level

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO

LINT_CODES = (
    Code("TEST201", "definition-without-test", WARNING, "A flow, mapping, policy or source that no test is about.",
         "mappings/flows/invoice_posted.flow.yaml", "mappings/flows/invoice_posted.flow.yaml\n"
         "mappings/flows/invoice_posted.test.yaml",
         "What no test shows, the next change breaks unseen.",
         exceptions="A definition that is taken out of use with the next release."),
    Code("TEST202", "rule-never-violated", WARNING, "A policy's rule that no test violates.",
         why="A control that was never seen to refuse anything may be one that never does.",
         exceptions="A rule that the sandbox cannot be brought to violate, such as a limit of the vendor's own."),
    Code("TEST203", "unknown-test-named", ERROR, "An outcome that names a test case which does not exist.",
         "tests: [invoice_posted/upgrad]", "tests: [invoice_posted/upgrade]",
         "The cell claims a proof that is not there.", fixable=True),
    Code("TEST204", "outcome-without-test", WARNING, "A cell of the outcome table without a test case.",
         "tests: []", "tests: [invoice_posted/upgrade]", "What is agreed is not shown to happen.",
         exceptions="An outcome that is agreed before it is built; name who builds it and until when."),
    Code("MAP201", "unused-mapping", WARNING, "A mapping that no flow and no source uses.",
         why="Readers take it for something that happens.",
         exceptions="A mapping that is prepared for a flow of the next release."),
    Code("MAP202", "unused-table", WARNING, "A table that nothing looks up.",
         why="Its steward keeps rows that have no effect.",
         exceptions="A table that auditors or another workspace read; say who."),
    Code("MAP203", "key-without-row", WARNING, "A look-up by a literal key that no row of the table has.",
         "lookup:\n  table: entities\n  key: {entity: =\"'NW-XX'\"}",
         "lookup:\n  table: entities\n  key: {entity: =\"'NW-US'\"}",
         "It would end in a business exception every time.",
         exceptions="A row that its steward adds before the flow takes effect."),
    Code("POL201", "unused-policy", INFO, "A policy that no flow checks; it can only be called over HTTP.",
         why="A control that nobody passes through controls nothing.",
         exceptions="A policy that another system asks for over HTTP."),
    Code("FLOW201", "step-after-fail", WARNING,
         "A step that is never reached, because a `fail` always comes before it.",
         "- id: stop\n  fail: ...\n- id: posted\n  post: ...", "- id: stop\n  when: =steps.amount < 0\n  fail: ...",
         exceptions="None: what is never reached is removed, or the `fail` gets its condition."),
    Code("FLOW202", "unreachable-case", WARNING, "A case that never applies, because an earlier one always does.",
         "cases:\n  - id: all\n    emit: []\n  - id: upgrade\n    when: =message.type == 'upgrade'",
         "cases:\n  - id: upgrade\n    when: =message.type == 'upgrade'\n  - id: all\n    emit: []",
         "The first case that applies counts.",
         exceptions="None: put the narrower case first."),
    Code("FLOW203", "constant-identity", ERROR, "A `post` whose business identity has the same object for every event.",
         "identity: {object: =\"'invoice'\", ...}", "identity:\n  object: =event.data.invoice.id",
         "All documents would be the same effect: the first would be made, every other one refused as a conflict."),
    Code("FLOW204", "same-identity-twice", ERROR, "Two `post` steps of one flow with the same business identity.",
         "purpose: ar_invoice ... purpose: ar_invoice", "purpose: ar_invoice ... purpose: ar_receipt",
         "They are one effect: the second is never sent, or is refused as a conflict."),
    Code("FLOW205", "outcome-missing", ERROR,
         "An event that a flow consumes or a source makes, without a cell in the outcome table.",
         why="Every event has an explicit outcome, or deliberately none (requirement B0)."),
    Code("FLOW206", "flow-without-outcome", WARNING,
         "A flow started by an event that no cell of the outcome table names.",
         why="What it brings about is not agreed anywhere.",
         exceptions="A flow that is tried out and not yet agreed."),
    Code("FLOW207", "outcome-unresolved", ERROR,
         "A cell of the outcome table that names a flow or event type which does not exist.",
         "flow: invoice_postd@1", "flow: invoice_posted@1", "The agreed outcome does not happen.", fixable=True),
    Code("FLOW208", "outcome-empty", ERROR,
         "A cell of the outcome table that names neither a flow nor why nothing follows.",
         "- event: payment.failed@1\n  case: Any",
         "- event: payment.failed@1\n  case: Any\n  none: No ledger document; dunning is billing's."),
    Code("FLOW209", "event-nobody-makes", INFO,
         "An event that starts a flow, which no source makes and no flow emits.",
         why="It can only come in as a CloudEvent from outside.",
         exceptions="An event that another company sends as a CloudEvent."),
    Code("TEST205", "test-of-nothing", ERROR, "A test about a definition that does not exist, or about several.",
         "target:\n  flow: invoice_postd@1", "target:\n  flow: invoice_posted@1",
         "It shows nothing, and the definition that was meant goes untested.", fixable=True),
    Code("TEST206", "test-name-unknown", ERROR, "A test that names a step, rule or input its target does not have.",
         "replies:\n  postd: ...", "replies:\n  posted: ...",
         "The reply would never be used, the expectation never be met.", fixable=True),
    Code("FLOW210", "hold-without-end", WARNING, "A lookup that holds the key for as long as it takes.",
         "missing: hold", "missing: hold\nhold_for: P3D", "Everything behind it waits too, and nobody is told.",
         exceptions="An id that is sure to be learned, such as in a migration; give the comment a last day."),
    Code("FLOW211", "wait-without-end", WARNING, "A wait for an event without a `timeout`.",
         "wait: {event: subscription.created@1, subject: =event.subject}",
         "wait:\n  event: subscription.created@1\n  subject: =event.subject\n  timeout: P3D",
         "Everything behind it waits too, and nobody is told.",
         exceptions="A wait that a person ends by hand, with a watch on its age."),
    Code("CONN201", "retries-outlast-memory", ERROR,
         "An effect that is retried for longer than the system remembers its key, and cannot be read back.",
         "retry: {elapsed_max: P3D}", "retry: {elapsed_max: PT23H}",
         "After the window the system takes a repetition for a new document."),
    Code("SAFE201", "literal-accounting-fact", WARNING,
         "A GL account, tax code or legal entity written into a mapping or flow.",
         "account: \"4000\"", "account: =lookups.accounts.revenue_account",
         "Accounts, tax codes and entities belong in tables, where their stewards change them without a release.",
         exceptions="An account that the law fixes for every company, such as one of a national chart of accounts."),
    Code("SEC201", "secret-in-file", ERROR, "Text that looks like a secret.",
         why="Files are copied and kept for ever; a secret belongs in the environment or a secret store. Replace it "
         "there and here, and have it revoked.",
         exceptions="A documented example key of the vendor that opens nothing."),
    Code("DOC201", "owner-missing", WARNING, "An owner that is empty.", 'owner: ""', "owner: revenue-accounting",
         "An exception without an owner waits for ever.",
         exceptions="None: somebody answers for it, or it is removed."),
    Code("DOC202", "unused-suppression", WARNING, "A suppression of a finding that does not occur.",
         why="It would hide the finding when it comes.", fixable=True,
         exceptions="None: the comment can be written again when the finding comes."),
    Code("DOC203", "suppression-without-reason", WARNING, "A suppression that does not say why.",
         "# ignore[MAP202]", "# ignore[MAP202]: kept for the auditors until 2027", "Nobody could tell when it may go."),
    *FLOW_CODES,
    *VALUE_CODES,
    *MISSED_CODES,
    *SLIP_CODES,
    Code("DOC204", "stale-baseline", WARNING, "A baseline accepts a finding that is gone.",
         why="The same mistake could be made again at this place and nobody would be told.",
         exceptions="None: take the entry out, or write the baseline anew with `--write-baseline`."),
)  # fmt: skip

register(*LINT_CODES)


def as_markdown() -> str:
    """The reference page of the rules."""
    lines = [
        "# Lint rules",
        "",
        "Written from the catalogue. `tieout lint` reports these beside what the compiler refuses (see codes.md). A "
        "rule that cannot be certain says nothing.",
        "",
        "A finding is accepted with a comment on its line or on the line above, with a reason:",
        "`# ignore[MAP202]: kept for the auditors until 2027`. A suppression that suppresses nothing is a "
        "finding itself.",
        "Errors of the compiler cannot be suppressed.",
        "",
    ]
    for code in sorted(LINT_CODES, key=lambda each: each.sort_key()):
        lines += [f"## {code.code} {code.name}", "", f"{code.level.capitalize()}. {code.summary}", ""]
        for title, text, is_fragment in sections(code):
            lines += [f"{title}:", "", "```yaml", text, "```", ""] if is_fragment else [f"{title}: {text}", ""]
    return "\n".join(lines).rstrip("\n") + "\n"
