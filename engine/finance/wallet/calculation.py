"""Wallets: the burn-down of grants over a window and the payment of an invoice (finance/pricing.md 6.15)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from engine.base.money import Money, RoundingMode
from engine.finance.calculation import Calculation
from engine.finance.exact import ZERO, decimal_of, rounded, scale_for, total
from engine.finance.problem import Where, refused
from engine.finance.wallet.balance import Balance
from engine.finance.wallet.burning import Burned, burn, overage_of
from engine.finance.wallet.check import check
from engine.finance.wallet.facts import GrantState, WalletFacts, WalletResult
from engine.finance.wallet.paying import Paid, pay
from engine.spec.documents.wallet import Overage, Wallet


def prepare(document: Wallet) -> Callable[[WalletFacts], WalletResult]:
    """The function from grants and usage, wallets and an invoice, to what they come to."""
    where = Where(f"wallet {document.id} {document.version}")

    def run(facts: WalletFacts) -> WalletResult:
        windowed = facts.from_ is not None or facts.to is not None or bool(facts.grants) or bool(facts.usage)
        if facts.wallets and facts.invoice is None:
            raise refused(where, "there are wallets but no invoice", "give `invoice`")
        if not windowed and facts.invoice is None:
            raise refused(where, "there is neither a window nor an invoice", "give `from`, `to` and `grants`, or both")
        burned = burn(document, facts, where) if windowed else Burned(document, where, {})
        paid = None if facts.invoice is None else pay(document, facts.wallets, facts.invoice, where)
        return _result(document, facts, burned, paid, where)

    return run


def _result(document: Wallet, facts: WalletFacts, burned: Burned, paid: Paid | None, where: Where) -> WalletResult:
    states = {name: _state(document, balance) for name, balance in burned.balances.items()}
    overage = overage_of(burned)
    grants = tuple(states[grant.id] for grant in facts.grants)
    _one_currency(grants, where)
    return WalletResult(
        balances={grant.id: grant.balance for grant in grants},
        balance=decimal_of(total(balance.left for balance in burned.balances.values())),
        overage=decimal_of(overage), overage_amount=_overage_amount(document, facts, overage),
        value_used=_sum(tuple(grant.value_used for grant in grants)),
        value_lapsed=_sum(tuple(grant.value_lapsed for grant in grants)),
        value_voided=_sum(tuple(grant.value_voided for grant in grants)),
        value_left=_sum(tuple(grant.value_left for grant in grants)),
        grants=grants, drawdowns=tuple(burned.drawdowns), moves=tuple(burned.moves), outside=tuple(burned.outside),
        debits=() if paid is None else paid.debits,
        paid=None if paid is None else paid.paid, due=None if paid is None else paid.due,
    )  # fmt: skip


def _state(document: Wallet, balance: Balance) -> GrantState:
    grant = balance.grant
    told = f"{_plain(balance.granted)} given, {_plain(balance.used)} used, {_plain(balance.left)} left"
    if balance.lapsed or balance.voided:
        told += f", {_plain(balance.lapsed)} lapsed, {_plain(balance.voided)} voided"
    values: dict[str, Money] = {}
    if grant.price is not None:
        values = _values(document, balance, grant.price)
    return GrantState(
        id=grant.id, granted=decimal_of(balance.granted), used=decimal_of(balance.used),
        lapsed=decimal_of(balance.lapsed), voided=decimal_of(balance.voided), balance=decimal_of(balance.left),
        price=grant.price, explanation=told, **values,
    )  # fmt: skip


def _values(document: Wallet, balance: Balance, price: Money) -> dict[str, Money]:
    """The price by what became of the credits, cumulative: the parts of all windows add up to it exactly."""
    worth = _rounded(document, price.currency)

    def value(credits: Fraction) -> Decimal:
        if not balance.amount:
            return worth(ZERO)
        return worth(Fraction(price.amount) * credits / balance.amount)

    before = balance.spent_before
    steps = [before, before + balance.used]
    steps.append(steps[-1] + balance.lapsed)
    steps.append(steps[-1] + balance.voided)
    amounts = [value(credits) for credits in steps]
    names = ("value_used", "value_lapsed", "value_voided")
    found = {name: Money(amounts[at + 1] - amounts[at], price.currency) for at, name in enumerate(names)}
    return {**found, "value_left": price - Money(amounts[-1], price.currency)}


def _overage_amount(document: Wallet, facts: WalletFacts, overage: Fraction) -> Money | None:
    """What billed overage costs; what an earlier window billed is taken off the cumulative amount."""
    rule = document.overage
    if rule is None or rule.treatment is not Overage.BILLED or rule.unit_price is None or rule.currency is None:
        return None
    worth = _rounded(document, rule.currency)
    price, before = Fraction(rule.unit_price), Fraction(facts.starting_overage or 0)
    return Money(worth(price * overage) - worth(price * before), rule.currency)


def _rounded(document: Wallet, currency: str) -> Callable[[Fraction], Decimal]:
    rounding = document.rounding
    scale = scale_for(currency, None if rounding is None else rounding.scale)
    mode = RoundingMode.HALF_UP if rounding is None else rounding.mode
    return lambda value: rounded(value, scale, mode)


def _one_currency(grants: tuple[GrantState, ...], where: Where) -> None:
    currencies = sorted({grant.price.currency for grant in grants if grant.price is not None})
    if len(currencies) > 1:
        raise refused(where, f"grants were paid in {' and '.join(currencies)}", "calculate each currency on its own")


def _sum(values: tuple[Money | None, ...]) -> Money | None:
    given = [value for value in values if value is not None]
    if not given:
        return None
    whole = given[0]
    for value in given[1:]:
        whole += value
    return whole


def _plain(value: Fraction) -> str:
    return f"{decimal_of(value):f}"


CALCULATION = Calculation("wallet", "draw", WalletFacts, WalletResult, check, prepare)
