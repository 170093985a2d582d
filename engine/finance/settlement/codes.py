"""The diagnostic codes of settlement documents."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR = Level.ERROR

register(
    Code("FIN180", "empty-settlement", ERROR,
         "A settlement document that says neither how receipts are applied nor how foreign currencies are carried.",
         "spec: settlement/v1\nid: receipts", "spec: settlement/v1\nid: receipts\n"
         "application:\n  rules: [match_document, oldest_first]", "Every receipt would be refused."),
    Code("FIN181", "settlement-rules", ERROR, "No rule to match receipts by, or one named twice.",
         "rules: []", "rules: [match_document, oldest_first]", "A rule that is tried again cannot match then either."),
    Code("FIN182", "settlement-limit", ERROR, "A limit below zero.", "grace_days: -1", "grace_days: 0",
         "It would turn the rule around."),
)  # fmt: skip
