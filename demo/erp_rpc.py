"""A plain synchronous client of the ERP's JSON-RPC, for setting it up and for looking at it in tests.

The product itself talks to the ERP through its connector; this is the consultant's hand, not the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx

from connectors.tryton.protocol import answer_value, basic_authorization, call_body, rpc_path
from engine.base.errors import ErrorClass, Failure


class ErpRpc:
    """Calls on one database as one user. ``context`` goes with every call; ``with_company`` changes it."""

    def __init__(self, url: str, database: str, user: str, password: str, *, timeout_seconds: float = 120.0) -> None:
        headers = {"authorization": basic_authorization(user, password), "accept-encoding": "gzip"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_seconds, trust_env=False)
        self._path = rpc_path(database)
        self.context: dict[str, Any] = {}

    def __enter__(self) -> ErpRpc:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def call(self, method: str, *parameters: Any, context: Mapping[str, Any] | None = None) -> Any:
        """One call. Raises Refusal for a no, Failure(transient) for anything else than an answer."""
        body = call_body(method, parameters, self.context if context is None else context)
        try:
            reply = self._http.post(self._path, content=body, headers={"content-type": "application/json"})
        except httpx.TransportError as error:
            raise Failure(ErrorClass.TRANSIENT, f"the ERP did not answer {method}", detail=str(error)) from error
        if reply.status_code != 200:
            raise Failure(ErrorClass.TRANSIENT, f"the ERP answered {method} with status {reply.status_code}")
        return answer_value(reply.content)

    def model(self, model: str, method: str, *parameters: Any) -> Any:
        """A method of a model, in the current context."""
        return self.call(f"model.{model}.{method}", *parameters)

    def find(self, model: str, domain: Sequence[Any]) -> int | None:
        """The id of one record that fits, or None."""
        found = self.model(model, "search", list(domain), 0, 1, None)
        return int(found[0]) if found else None

    def need(self, model: str, domain: Sequence[Any]) -> int:
        """The id of a record that has to be there. Raises Failure(not_found)."""
        found = self.find(model, domain)
        if found is None:
            raise Failure(ErrorClass.NOT_FOUND, f"the ERP has no {model} with {domain}")
        return found

    def ensure(self, model: str, domain: Sequence[Any], values: Mapping[str, Any]) -> int:
        """The id of the record that fits, made from ``values`` if there is none."""
        found = self.find(model, domain)
        return found if found is not None else int(self.model(model, "create", [dict(values)])[0])

    def rows(self, model: str, domain: Sequence[Any], fields: Sequence[str]) -> list[dict[str, Any]]:
        """Every record that fits, with the named fields."""
        found: list[dict[str, Any]] = self.model(model, "search_read", list(domain), 0, None, None, list(fields))
        return found

    def xml_id(self, module: str, name: str) -> int:
        """The id of a record that a module ships."""
        return int(self.model("ir.model.data", "get_id", module, name))

    def enter_company(self, company: int | None = None) -> None:
        """Take over the user's preferences as context, and work in ``company`` from here on."""
        self.context = self.call("model.res.user.get_preferences", True, context={})
        if company is not None:
            self.context = {**self.context, "company": company}

    def wizard(self, name: str, steps: Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]]) -> None:
        """Run a wizard: each step is a state and the forms filled in before it, as a person would click it."""
        session = self.call(f"wizard.{name}.create")[0]
        forms: dict[str, dict[str, Any]] = {}
        try:
            for state, filled in steps:
                for form, values in filled.items():
                    forms.setdefault(form, {}).update(values)
                self.call(f"wizard.{name}.execute", session, forms, state)
        finally:
            self.call(f"wizard.{name}.delete", session)
