"""Runs the conformance checks on the operations of a manifest, each before a counterpart of its own on this machine;
or a few of them on an open connection."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, TypeAlias

from engine.base.clock import Clock
from engine.base.errors import UserError
from engine.base.identity import deterministic_key, json_bytes, short_form
from engine.base.record import frozen
from engine.base.secret import Secret
from engine.connect import conformance as suite
from engine.connect.conformance import CHECKS, Check, Subject
from engine.connect.counterpart import Counterpart
from engine.connect.declaration import ManifestForm, OperationForm, OperationKind, SettingType
from engine.connect.detour import Detour
from engine.connect.manifest import Manifest
from engine.connect.opening import open_connector
from engine.connect.operation_form import OperationCode, compile_operations
from engine.connect.port import Call, Connector, LookUp, Reply, Settings
from engine.connect.sample_input import input_of_places
from engine.connect.sandbox import Fault
from engine.source.diagnostic import Diagnostics
from engine.source.node import plain

#: The n-th input of an operation, by its name; None if nothing is known about it.
Inputs: TypeAlias = Callable[[str, int], Any]

_ADDRESS = "https://system.example"
_READ_OF_INPUT = re.compile(r"\binput((?:\.[a-z_][a-z0-9_]*)+)")
#: Where to look in the manifest if a check fails.
ADVICE: dict[Check, str] = {
    suite.confirms_with_proof: "look at `success` and `receipt`",
    suite.a_repeated_key_gives_the_same_document: "look at `idempotency`, at `success.duplicate` and at the errors of "
    "class `duplicate`",
    suite.looks_up_what_was_made: "look at `read_back`: `found`, `absent`, and the receipt that is read there",
    suite.a_refusal_changes_nothing: "add a rule to `errors` for content that is refused, such as `status: 4xx` with "
    "`class: data`",
    suite.lost_before_the_change_is_unknown: "look at `errors`: no rule may take a broken answer for a refusal",
    suite.lost_after_the_change_is_unknown_and_found: "look at `errors`: what proves nothing, such as `5xx`, is of "
    "class `unknown_outcome`; and at `read_back.found`",
    suite.a_server_error_is_never_a_success: "look at `success`, and at the errors for `5xx`",
    suite.a_rate_limit_is_one: "add a rule to `errors`, before the one for `4xx`: `status: 429` with "
    "`class: rate_limited`",
    suite.refused_credentials_stop_the_connection: "add a rule to `errors`, before the one for `4xx`: `status: 401` "
    "with `class: auth`",
    suite.a_refused_connection_was_not_sent: "tell us: this is the engine's own doing",
    suite.a_look_up_that_fails_is_not_absence: "have `read_back.absent` ask for something of the system's own, such as "
    "`reply.status == 404 && reply.body != null`",
    suite.many_at_once_do_not_mix: "look at where the key, or the document's own id, stands in `request` and "
    "`read_back`",
    suite.secrets_are_never_shown: "put neither `settings` nor an answer whole into a `message`",
}
#: Those that can be run on a system that nobody can tell to fail.
UNSCRIPTED = (suite.confirms_with_proof, suite.a_repeated_key_gives_the_same_document, suite.looks_up_what_was_made)


class Verdict(StrEnum):
    HOLDS = "holds"
    BROKEN = "broken"
    LEFT_OUT = "left out"


@frozen
class Trial:
    """What came of one check of one operation. ``advice`` says what to do where it is broken."""

    operation: str
    check: str
    title: str
    verdict: Verdict
    found: str = ""
    advice: str = ""


def title_of(check: Check) -> str:
    return (check.__doc__ or check.__name__).partition("\n")[0].rstrip(".")


async def rehearse(manifest: Manifest, inputs: Inputs, clock: Clock) -> list[Trial]:
    """Every check on every write operation that the manifest says in HTTP. Nothing leaves this machine."""
    code = compile_operations(manifest.form, Diagnostics())
    found: list[Trial] = []
    for form in manifest.form.operations:
        if form.kind is OperationKind.READ:
            continue
        operation = None if code is None else code.operations.get(form.name)
        if code is None or operation is None:
            found.append(_left_out(form, "it is said by Python: its package tests it, on a sandbox of its own"))
            continue
        found.extend(await _rehearse_operation(manifest, operation, inputs, clock))
    return found


async def _rehearse_operation(
    manifest: Manifest, operation: OperationCode, inputs: Inputs, clock: Clock
) -> list[Trial]:
    try:
        stage = _Stage(manifest, operation, inputs)
        for number in (1, 2):
            stage.call(number)
    except UserError as unsaid:
        how = "name an input with --input, or ask the system itself with --connection"
        return [_left_out(operation.form, f"{unsaid.message}: {how}")]
    except AssertionError as wrong:
        title = "the system can tell one document from another"
        advice = "put the key, or the document's own id, where the system looks for it"
        return [Trial(operation.form.name, "identity", title, Verdict.BROKEN, str(wrong), advice)]
    return list(await asyncio.gather(*(_one(manifest, operation, inputs, clock, check) for check in CHECKS)))


async def _one(manifest: Manifest, operation: OperationCode, inputs: Inputs, clock: Clock, check: Check) -> Trial:
    form = operation.form
    reason = _needs_not(manifest.form, form, check)
    if reason:
        return Trial(form.name, check.__name__, title_of(check), Verdict.LEFT_OUT, reason)
    stage = _Stage(manifest, operation, inputs)
    await stage.start()
    connector = open_connector(manifest, stage.settings(), clock, Detour(stage.counterpart))
    try:
        await check(stage.subject(connector))
    except AssertionError as wrong:
        strangers = stage.counterpart.strangers
        also = f"; unforeseen requests: {', '.join(strangers[:3])}" if strangers else ""
        return _broken(form, check, f"{wrong}{also}", ADVICE[check])
    finally:
        await connector.close()
        await stage.counterpart.stop()
    return Trial(form.name, check.__name__, title_of(check), Verdict.HOLDS)


async def try_out(connector: Connector, form: OperationForm, content: Any, nonce: str) -> list[Trial]:
    """The checks that need no scripted failure, on an open connection: each makes a document there. ``nonce`` keeps
    the keys of one time apart from those of another."""
    declared = form.idempotency
    length = 64 if declared is None else declared.key_length
    patient = _Patient(connector, 0 if declared is None else declared.visible_within.seconds)

    async def run(check: Check) -> Trial:
        def call(number: int) -> Call:
            key = deterministic_key("connector check", nonce, form.name, check.__name__, str(number))
            return Call(form.name, key, short_form(key, length), content, json_bytes(content))

        reason = _needs_not(None, form, check)
        if reason:
            return Trial(form.name, check.__name__, title_of(check), Verdict.LEFT_OUT, reason)
        try:
            await check(_unscripted(patient, form, call))
        except AssertionError as wrong:
            return _broken(form, check, str(wrong), ADVICE[check])
        return Trial(form.name, check.__name__, title_of(check), Verdict.HOLDS)

    return [await run(check) for check in UNSCRIPTED]


class _Patient:
    """A connector that looks up only when what was made can be seen, as the engine would."""

    def __init__(self, connector: Connector, visible_within_seconds: float) -> None:
        self._connector = connector
        self._wait = visible_within_seconds
        self._made = False

    async def perform(self, call: Call) -> Reply:
        self._made = True
        return await self._connector.perform(call)

    async def look_up(self, call: Call) -> LookUp:
        if self._made:
            await asyncio.sleep(self._wait)
        return await self._connector.look_up(call)

    async def read(self, operation: str, content: Any) -> Any:
        return await self._connector.read(operation, content)

    async def check(self) -> str:
        return await self._connector.check()

    async def close(self) -> None:
        await self._connector.close()


class _Stage:
    """A counterpart for one operation, and the calls that are made to it."""

    def __init__(self, manifest: Manifest, operation: OperationCode, inputs: Inputs) -> None:
        self._form = manifest.form
        self._operation = operation
        self._inputs = inputs
        self._secrets = {name: Secret(f"secret-of-the-rehearsal-{name}") for name, _ in manifest.form.secrets}
        given = self.settings()
        values = manifest.complete(given.values, manifest.form.span, Diagnostics())
        self.counterpart = Counterpart(manifest.form, operation, values)

    async def start(self) -> None:
        await self.counterpart.start()

    def settings(self) -> Settings:
        """Made-up settings and secrets of a connection, where no default says them."""
        made = {SettingType.INTEGER: 1, SettingType.BOOLEAN: True}
        base = "" if self._form.base_url is None else str(plain(self._form.base_url.node))
        values = {
            name: made.get(setting.type, _ADDRESS if base == f"=settings.{name}" else "sample")
            for name, setting in self._form.settings
            if setting.default is None
        }
        return Settings("rehearsal", values, self._secrets, (), 32)

    def call(self, number: int) -> Call:
        form = self._operation.form
        content = self._inputs(form.name, number)
        if content is None:
            content = input_of_places(_places_read(form), number)
        declared = form.idempotency
        key = deterministic_key("rehearsal", form.name, str(number))
        short = short_form(key, 64 if declared is None else declared.key_length)
        return self.counterpart.plan(Call(form.name, key, short, content, json_bytes(content)))

    def subject(self, connector: Connector) -> Subject:
        form, counterpart = self._operation.form, self.counterpart
        return Subject(
            connector,
            self.call,
            lambda call: counterpart.made.get(call.external_key, 0),
            counterpart.script,
            counterpart.script_reads,
            counterpart.stop,
            tuple(secret.reveal() for secret in self._secrets.values()),
            looks_up=form.read_back is not None,
            tells_absence=_tells_absence(form),
            refuses_duplicates=form.idempotency is not None and form.idempotency.refuses_duplicates,
        )


def _unscripted(connector: Connector, form: OperationForm, call: Callable[[int], Call]) -> Subject:
    """A subject whose other side nobody can look into: what was made is not counted."""

    def script(_fault: Fault) -> None:
        return None

    async def refuse() -> None:
        return None

    return Subject(
        connector, call, None, script, script, refuse,
        looks_up=form.read_back is not None,
        tells_absence=_tells_absence(form),
    )  # fmt: skip


def _needs_not(form: ManifestForm | None, operation: OperationForm, check: Check) -> str:
    """Why a check says nothing about an operation; empty if it does."""
    declared = operation.idempotency
    if check is suite.a_repeated_key_gives_the_same_document and not (declared and declared.refuses_duplicates):
        return "the system does not refuse duplicates (`refuses_duplicates: false`): an effect is never sent twice"
    looks = (suite.looks_up_what_was_made, suite.a_look_up_that_fails_is_not_absence)
    if check in looks and operation.read_back is None:
        return "there is no `read_back`"
    authentication = None if form is None else form.authentication
    asks_nothing = authentication is not None and authentication.none is not None
    if check is suite.refused_credentials_stop_the_connection and asks_nothing:
        return "the system asks for no credentials"
    return ""


def _tells_absence(form: OperationForm) -> bool:
    """Whether a look-up can say that nothing is there; one in Python always can."""
    return form.read_back is not None and (form.read_back.absent is not None or form.request is None)


def _places_read(form: OperationForm) -> Iterator[tuple[str, ...]]:
    """The places of the input that an operation's expressions read."""
    texts = [str(each) for each in _texts(form)]
    for text in texts:
        for found in _READ_OF_INPUT.finditer(text):
            yield tuple(found[1][1:].split("."))


def _texts(form: OperationForm) -> Iterator[object]:
    for request in (form.request, None if form.read_back is None else form.read_back.request):
        if request is not None:
            yield request.path.text
            yield from (plain(tree.node) for _, tree in (*request.query, *request.headers))
            yield None if request.body is None else plain(request.body.node)
    for expression in (
        None if form.success is None else form.success.when,
        None if form.receipt is None else form.receipt.id,
        None if form.read_back is None else form.read_back.found,
    ):
        yield None if expression is None else expression.text


def _left_out(form: OperationForm, why: str) -> Trial:
    return Trial(form.name, "", "how it behaves", Verdict.LEFT_OUT, why)


def _broken(form: OperationForm, check: Check, found: str, advice: str) -> Trial:
    return Trial(form.name, check.__name__, title_of(check), Verdict.BROKEN, found, advice)
