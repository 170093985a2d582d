"""Answers, judged: what a declared operation's reply proves, and which failure class every other answer has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import orjson

from engine.base.errors import ErrorClass, Failure
from engine.base.money import decimal_text
from engine.base.record import frozen
from engine.connect.compiling import Compiler, Computed
from engine.connect.declaration import (
    ErrorRule,
    Fallback,
    OperationForm,
    ReceiptForm,
    Success,
)
from engine.connect.http_message import HttpReply
from engine.connect.port import Document, Receipt
from engine.source.json_codec import NumberRefused, exact_decimal
from engine.source.json_payload import parse_json
from engine.source.node import Node, Scalar, Sequence
from engine.spec.shape import Map
from engine.spec.values import Expression

_TEXT_MAX = 2_000
_PROOF_MAX = 1_000  # characters of an id or a number
# Bounded as at the way in: a number of a few characters could else be written out as millions of digits.
_DECODER = msgspec.json.Decoder(float_hook=exact_decimal)


def reply_value(reply: HttpReply, *, with_headers: bool = True) -> dict[str, Any]:
    """What expressions see as ``reply``. A body that is not strict JSON is null; its beginning is in ``text``.

    Strict as at the way in: a body that has a key twice says two things, and neither is a proof.
    ``with_headers`` false leaves the headers empty, for expressions that do not look at them.
    """
    try:
        body = _decoded(reply.body) if reply.body else None
    except Failure:
        body = None
    return {
        "status": reply.status,
        "headers": reply.headers if with_headers else {},
        "body": body,
        "text": reply.body[:_TEXT_MAX].decode("utf-8", "replace"),
    }


def _decoded(raw: bytes) -> Any:
    """A body's value. Raises Failure for what is not strict JSON.

    The fast decoder keeps the last of two equal keys without a word. Written again, a value from which none was
    dropped has as many quotes as the body; whenever that does not prove it, everything is looked at.
    """
    try:
        value = _DECODER.decode(raw)
        shown = orjson.dumps(value, default=_no_quotes)
    except (msgspec.MsgspecError, orjson.JSONEncodeError, UnicodeDecodeError, RecursionError, NumberRefused):
        return parse_json(raw, size_max=len(raw))
    if shown == raw or (shown.count(b'"') == raw.count(b'"') and not (b"\\" in raw and b"\\u0022" in raw)):
        return value
    return parse_json(raw, size_max=len(raw))


def _no_quotes(_decimal: Any) -> int:
    return 0


def why_unreadable(reply: HttpReply) -> str:
    """What is wrong with a body that expressions see as null; empty if nothing is, or if there is none."""
    try:
        parse_json(reply.body or b"null", size_max=max(len(reply.body), 4))
    except Failure as failure:
        return failure.message
    return ""


@frozen
class SuccessForm:
    """A compiled ``success``."""

    status: frozenset[int]
    when: Computed | None
    duplicate: Computed | None

    def repeats(self, scope: dict[str, Any]) -> bool:
        """Whether the system says that it had the document already."""
        try:
            return self.duplicate is not None and self.duplicate(scope) is True
        except Failure:
            return False

    def holds(self, scope: dict[str, Any]) -> bool:
        return scope["reply"]["status"] in self.status and (self.when is None or self.when(scope) is True)


@frozen
class ProofForm:
    """A compiled ``receipt`` with the receipt's further fields."""

    id: Computed
    number: Computed | None
    status: Computed | None
    fields: tuple[tuple[str, Computed], ...]

    def read(self, scope: dict[str, Any]) -> Receipt | None:
        """The receipt, or None if the answer names no document. Raises Failure(mapping)."""
        document_id = _plain(self.id(scope))
        if not document_id:
            return None
        number = None if self.number is None else _plain(self.number(scope))
        status = None if self.status is None else _plain(self.status(scope))
        fields = {name: computed(scope) for name, computed in self.fields}
        return Receipt(Document(document_id, number, status), fields)


@frozen
class Rule:
    """A compiled error rule; ``statuses`` None means any."""

    statuses: frozenset[int] | None
    when: Computed | None
    error_class: ErrorClass
    message: Computed

    def applies(self, scope: dict[str, Any]) -> bool:
        if self.statuses is not None and scope["reply"]["status"] not in self.statuses:
            return False
        if self.when is None:
            return True
        try:
            return self.when(scope) is True
        except Failure:
            return False  # the reply has another shape than the rule is about


@frozen
class ErrorMap:
    """The total map from answers to classes."""

    rules: tuple[Rule, ...]
    otherwise: Rule

    def judge(self, scope: dict[str, Any]) -> tuple[ErrorClass, str]:
        """The class of an answer that is no good one, and the reason in words."""
        for rule in self.rules:
            if rule.applies(scope):
                return rule.error_class, _message(rule, scope)
        error_class = self.otherwise.error_class
        if 200 <= scope["reply"]["status"] < 300:
            error_class = ErrorClass.UNKNOWN_OUTCOME  # something was accepted, and nobody said what that means
        return error_class, _message(self.otherwise, scope)


def compile_success(success: Success | None, compiler: Compiler) -> SuccessForm:
    """Any 200 if nothing is declared."""
    if success is None:
        return SuccessForm(frozenset((200,)), None, None)
    return SuccessForm(
        status=frozenset(success.status),
        when=None if success.when is None else compiler.expression(success.when),
        duplicate=None if success.duplicate is None else compiler.expression(success.duplicate),
    )


def compile_proof(form: ReceiptForm, fields: list[tuple[str, Expression]], compiler: Compiler) -> ProofForm:
    return ProofForm(
        id=compiler.expression(form.id),
        number=None if form.number is None else compiler.expression(form.number),
        status=None if form.status is None else compiler.expression(form.status),
        fields=tuple((name, compiler.expression(expression)) for name, expression in fields),
    )


def read_back_fields(operation: OperationForm, overrides: Map[Expression]) -> list[tuple[str, Expression]]:
    """Where each receipt field is read from when an operation's fate is looked up."""
    found: list[tuple[str, Expression]] = []
    for name, field in operation.fields:
        expression = overrides.get(name) or field.value
        if expression is not None:
            found.append((name, expression))
    return found


def compile_errors(rules: tuple[ErrorRule, ...], otherwise: Fallback, compiler: Compiler) -> ErrorMap:
    return ErrorMap(
        rules=tuple(
            Rule(
                statuses=None if rule.status is None else _statuses(rule.status.node, compiler),
                when=None if rule.when is None else compiler.expression(rule.when),
                error_class=rule.class_,
                message=compiler.tree(rule.message),
            )
            for rule in rules
        ),
        otherwise=Rule(None, None, otherwise.class_, compiler.tree(otherwise.message)),
    )


def _statuses(node: Node, compiler: Compiler) -> frozenset[int]:
    found: set[int] = set()
    for one in node.items if isinstance(node, Sequence) else (node,):
        value = one.value if isinstance(one, Scalar) else None
        if isinstance(value, int) and not isinstance(value, bool) and 100 <= value < 600:
            found.add(value)
        elif isinstance(value, str) and len(value) == 3 and value[0] in "12345" and value[1:] == "xx":
            found.update(range(int(value[0]) * 100, int(value[0]) * 100 + 100))
        else:
            compiler.wrong(one.span, "a status is a number such as 404 or a group such as 5xx")
    return frozenset(found)


def _message(rule: Rule, scope: dict[str, Any]) -> str:
    try:
        text = rule.message(scope)
    except Failure:
        text = None
    return text if isinstance(text, str) and text else _in_words(scope["reply"]["status"])


def _in_words(status: int) -> str:
    """What an answer that nobody foresaw means to a person, and where to look; the code stands in the detail."""
    match status:
        case 401 | 403:
            return "it does not accept the credentials or the rights of the connection: ask its administrator"
        case 404 | 410:
            return "it does not know what was asked for: check the record's id and the connection's address"
        case 408 | 429:
            return "it asks for fewer or later requests"
    if status >= 500:
        return "it has a fault of its own: ask its operators, then retry"
    if status >= 400:
        return "it refuses the request without saying why: ask its operators, with the record's id"
    return "its answer was not the one that was agreed: check the connection's address and the connector's version"


def _plain(value: Any) -> str | None:
    """An id or number as text; objects and booleans are none. Raises Failure(mapping) for text that none can be."""
    if isinstance(value, str):
        if "\x00" in value or len(value) > _PROOF_MAX:
            raise Failure(ErrorClass.MAPPING, f"it names its document with what is no id: {value[:40]!r}")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return decimal_text(value) if isinstance(value, Decimal) else None
