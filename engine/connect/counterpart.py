"""A system made up from a manifest: it takes the requests that the manifest declares, answers as the manifest says
that the system answers, keeps one document per key, and fails as told.

It tells the connector's author what the engine would do with such answers. It cannot tell whether the vendor's own
system gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.base.errors import ErrorClass, Failure, UserError
from engine.base.record import frozen
from engine.connect.declaration import ErrorRule, ManifestForm, Mechanism
from engine.connect.http_message import HttpReply
from engine.connect.operation_form import OperationCode
from engine.connect.port import Call, Document
from engine.connect.reply_draft import Draft, echoed, hollow, invent
from engine.connect.reply_form import Rule, reply_value
from engine.connect.sandbox import Fault, Sandbox, SandboxReply, SandboxRequest, read_request

#: Classes by which a system says that it does not take a document for what it holds.
_REFUSALS = (ErrorClass.DATA, ErrorClass.POLICY, ErrorClass.MISSING_REFERENCE, ErrorClass.SCHEMA, ErrorClass.CONFLICT,
             ErrorClass.PERIOD_CLOSED, ErrorClass.PERMISSION, ErrorClass.NOT_FOUND, ErrorClass.TOO_LARGE)  # fmt: skip
_CLASSES = {
    Fault.RATE_LIMIT: (ErrorClass.RATE_LIMITED,),
    Fault.UNAUTHORISED: (ErrorClass.AUTH,),
    Fault.REFUSE: _REFUSALS,
}
_STATUSES = {Fault.RATE_LIMIT: 429, Fault.UNAUTHORISED: 401, Fault.REFUSE: 422}


@frozen
class _Planned:
    """A call that may come, and what the system answers it: first, when it comes again, when it is asked for."""

    call: Call
    made: HttpReply
    again: HttpReply
    found: HttpReply | None
    absent: HttpReply | None


class Counterpart(Sandbox):
    """``made`` counts the documents by key, ``strangers`` are requests that nobody foresaw."""

    def __init__(self, form: ManifestForm, operation: OperationCode, settings: dict[str, Any]) -> None:
        super().__init__()
        self.made: dict[str, int] = {}
        self.strangers: list[str] = []
        self._form = form
        self._operation = operation
        self._settings = settings
        self._planned: dict[str, _Planned] = {}
        self._writes: dict[object, _Planned] = {}
        self._questions: dict[object, _Planned] = {}

    # ------------------------------------------------------------------ what may come

    def plan(self, call: Call) -> Call:
        """Prepare for a call; gives it back. Raises UserError where the manifest does not say enough to make up the
        system's answers, and AssertionError where the system could not tell one call from another."""
        if call.external_key not in self._planned:
            scope = self._scope(call)
            made, document = self._made(scope, len(self._planned) + 1)
            found, absent = self._seen(scope, made, document)
            planned = _Planned(call, made, self._again(scope, made, document), found, absent)
            self._planned[call.external_key] = planned
            self._expect(self._writes, self._write_fingerprint(call, scope), planned)
            if self._operation.read_back is not None:
                raw = self._operation.read_back.request.build(scope, call.raw, "", "host: made-up\r\n")
                self._expect(self._questions, _fingerprint(read_request(raw)), planned)
        return call

    def _expect(self, known: dict[object, _Planned], fingerprint: object, planned: _Planned) -> None:
        if known.setdefault(fingerprint, planned) is not planned:
            what = "the look-ups of two documents ask" if known is self._questions else "two documents are sent by"
            raise AssertionError(
                f"{what} exactly the same: neither the key nor anything of the document's own is in the request, so "
                "the system cannot tell them apart"
            )

    def _write_fingerprint(self, call: Call, scope: dict[str, Any]) -> object:
        try:
            raw = self._operation.request.build(scope, call.raw, "", "host: made-up\r\n")
        except Failure as failure:
            raise UserError(f"no request can be made of a made-up input: {failure.message}") from failure
        idempotency = self._operation.form.idempotency
        in_header = idempotency is not None and idempotency.mechanism is Mechanism.HEADER
        return _fingerprint(read_request(raw), call.external_key if in_header else "")

    def _scope(self, call: Call) -> dict[str, Any]:
        return {"input": call.content, "key": call.external_key, "settings": self._settings}

    # ------------------------------------------------------------------ what is answered

    def _made(self, scope: dict[str, Any], number: int) -> tuple[HttpReply, Document]:
        """The answer that proves a document, and what it names."""
        form, proof = self._operation.form, self._operation.proof
        success = self._operation.success
        named = Document(f"made-up-{number}", f"MU-{number:04d}", "made")

        def wish(draft: Draft) -> None:
            _name(draft, self._operation.form.receipt, named)
            for _, field in form.fields:
                draft.make_equal(field.value, f"made-up-{number}")
            if form.success is not None:
                draft.make_hold(form.success.when)
                draft.make_hold(form.success.duplicate, outcome=False)

        reply = invent(wish, lambda reply: self._document(reply, scope) is not None, sorted(success.status),
                       ({}, echoed(scope["input"])), scope)  # fmt: skip
        document = None if reply is None else self._document(reply, scope)
        if reply is None or document is None or proof is None:
            raise UserError("no answer could be made up that `success` and `receipt` take for a proof")
        return reply, document

    def _document(self, reply: HttpReply, scope: dict[str, Any]) -> Document | None:
        """What the operation's own `success` and `receipt` find in an answer."""
        judged = {**scope, "reply": reply_value(reply)}
        proof = self._operation.proof
        try:
            receipt = proof.read(judged) if proof is not None and self._operation.success.holds(judged) else None
        except Failure:
            return None
        return None if receipt is None else receipt.document

    def _again(self, scope: dict[str, Any], made: HttpReply, document: Document) -> HttpReply:
        """The answer to a call that comes a second time: marked, where the manifest says how such an answer is
        marked; a refusal as a duplicate, where it knows one; else the first answer."""
        form = self._operation.form.success
        if form is not None and form.duplicate is not None:

            def wish(draft: Draft) -> None:
                _name(draft, self._operation.form.receipt, document)
                draft.make_hold(form.when)
                draft.make_hold(form.duplicate)

            def is_repeat(reply: HttpReply) -> bool:
                repeats = self._operation.success.repeats({**scope, "reply": reply_value(reply)})
                return repeats and self._document(reply, scope) == document

            marked = invent(wish, is_repeat, sorted(self._operation.success.status), (_body(made),), scope)
            if marked is not None:
                return marked
        duplicate = self._refused_as((ErrorClass.DUPLICATE,), scope)
        return made if duplicate is None else duplicate

    def _seen(
        self, scope: dict[str, Any], made: HttpReply, document: Document
    ) -> tuple[HttpReply | None, HttpReply | None]:
        """The answers to a look-up: the document is there, and it is not."""
        form, code = self._operation.form.read_back, self._operation.read_back
        if form is None or code is None:
            return None, None
        receipt = form.receipt or self._operation.form.receipt
        proof, says_absent = code.proof, code.absent

        def wish(draft: Draft) -> None:
            _name(draft, receipt, document)
            draft.make_hold(form.found)
            draft.make_hold(form.conflict, outcome=False)

        def is_found(reply: HttpReply) -> bool:
            judged = {**scope, "reply": reply_value(reply)}
            seen = proof.read(judged) if proof is not None and code.found(judged) is True else None
            return seen is not None and seen.document == document and not (code.conflict and code.conflict(judged))

        def is_absent(reply: HttpReply) -> bool:
            judged = {**scope, "reply": reply_value(reply)}
            return says_absent is not None and says_absent(judged) is True and code.found(judged) is not True

        echo = echoed(scope["input"])
        found = invent(wish, _without_failure(is_found), (200, made.status, 201), (_body(made), {}, echo), scope)
        if found is None:
            raise UserError("no answer could be made up that the read-back's `found` takes for the document")
        bodies: tuple[Any, ...] = ({}, {"message": "made up"}, [], hollow(echo), {"total": 0})
        absent = invent(lambda draft: draft.make_hold(form.absent), _without_failure(is_absent), (404, 200, 204, 410),
                        bodies, scope)  # fmt: skip
        if absent is None and says_absent is not None:
            raise UserError("no answer could be made up that the read-back's `absent` takes for nothing being there")
        return found, absent or HttpReply(404, (), b"")

    def _refused_as(self, classes: tuple[ErrorClass, ...], scope: dict[str, Any]) -> HttpReply | None:
        """An answer that the manifest's error map takes for one of these classes, by a rule that names it."""
        errors = self._operation.errors

        for error_class in classes:
            for declared, rule in self._rules():
                if rule.error_class is not error_class:
                    continue

                def is_refusal(reply: HttpReply, wanted: ErrorClass = error_class) -> bool:
                    judged = {**scope, "reply": reply_value(reply)}
                    return self._document(reply, scope) is None and errors.judge(judged)[0] is wanted

                def wish(draft: Draft, declared: ErrorRule = declared) -> None:
                    draft.make_hold(declared.when)

                reply = invent(wish, _without_failure(is_refusal), _few(rule), ({"message": "made up"}, {}), scope)
                if reply is not None:
                    return reply
        return None

    def _rules(self) -> Iterator[tuple[ErrorRule, Rule]]:
        """The error rules as they are declared, each with what it was compiled to."""
        yield from zip((*self._operation.form.errors, *self._form.errors), self._operation.errors.rules, strict=True)

    # ------------------------------------------------------------------ what happens

    def is_change(self, request: SandboxRequest) -> bool:
        return _fingerprint(request) not in self._questions

    def answer(self, request: SandboxRequest) -> SandboxReply:
        asked = self._questions.get(_fingerprint(request))
        if asked is not None:
            reply = asked.found if self.made.get(asked.call.external_key) else asked.absent
            return _shown(reply)
        planned = self._written(request)
        if planned is None:
            self.strangers.append(f"{request.method} {request.path}")
            return SandboxReply(404, {"message": "the counterpart was not told of such a request"})
        key = planned.call.external_key
        idempotency = self._operation.form.idempotency
        refuses = idempotency is not None and idempotency.refuses_duplicates
        again = bool(self.made.get(key)) and refuses
        self.made[key] = self.made.get(key, 0) + (0 if again else 1)
        return _shown(planned.again if again else planned.made)

    def _written(self, request: SandboxRequest) -> _Planned | None:
        idempotency = self._operation.form.idempotency
        header = None if idempotency is None or idempotency.mechanism is not Mechanism.HEADER else idempotency.header
        key = "" if header is None else request.headers.get(header.lower(), "")
        return self._writes.get(_fingerprint(request, key))

    def refusal(self, fault: Fault) -> SandboxReply:
        status = _STATUSES.get(fault, 500)
        planned = next(iter(self._planned.values()), None)
        if planned is not None and fault in _CLASSES:
            reply = self._refused_as(_CLASSES[fault], self._scope(planned.call))
            if reply is not None:
                return _shown(reply)
        return SandboxReply(status, {"message": "made up"}, {"retry-after": "7"} if status == 429 else {})


def _name(draft: Draft, receipt: Any, document: Document) -> None:
    """See that a receipt's expressions find this document."""
    if receipt is not None:
        draft.make_equal(receipt.number, document.number)
        draft.make_equal(receipt.status, document.status)
        draft.make_equal(receipt.id, document.id)


def _without_failure(judge: Callable[[HttpReply], bool]) -> Callable[[HttpReply], bool]:
    def judged(reply: HttpReply) -> bool:
        try:
            return judge(reply)
        except Failure:
            return False  # the reply has another shape than an expression is about

    return judged


def _few(rule: Rule) -> tuple[int, ...]:
    """Some of the statuses that a rule is about."""
    if rule.statuses is None:
        return (400, 200)
    usual = (400, 422, 401, 403, 404, 409, 429, 413, 503)
    return tuple([each for each in usual if each in rule.statuses] or sorted(rule.statuses)[:3])


def _body(reply: HttpReply) -> Any:
    return reply_value(reply)["body"]


def _shown(reply: HttpReply | None) -> SandboxReply:
    if reply is None:
        return SandboxReply(404, {"message": "made up"})
    return SandboxReply(reply.status, reply.body, reply.headers)


def _fingerprint(request: SandboxRequest, key: str = "") -> object:
    return request.method, request.path, request.query, request.body, key
