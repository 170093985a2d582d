"""Wallets that pay an invoice: one after the other, each what it may, fee by fee."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.base.money import Money, RoundingMode
from engine.base.record import frozen, mutable
from engine.finance.exact import ZERO, decimal_of, rounded, scale_for, total
from engine.finance.problem import Where, refused
from engine.finance.wallet.facts import Debit, FeePart, Invoice, WalletBalance
from engine.finance.wallet.ordering import ranked
from engine.spec.documents.wallet import Wallet


@frozen
class Paid:
    """What the wallets pay, and what is left."""

    debits: tuple[Debit, ...]
    paid: Money
    due: Money


@mutable
class _Owed:
    """A fee while it is paid."""

    name: str
    kind: str
    left: Fraction


def pay(document: Wallet, wallets: Sequence[WalletBalance], invoice: Invoice, where: Where) -> Paid:
    """Each wallet pays in the declared order.

    A wallet for some kinds pays their fees; one for all pays the fees in their order and what the invoice holds
    beyond them. Wallets in other currencies, not begun or expired pay nothing. Amounts are rounded to the currency's
    units, never above what a wallet has.
    """
    currency = _currency(invoice, where)
    rounding = document.rounding
    scale = scale_for(currency, None if rounding is None else rounding.scale)
    mode = RoundingMode.HALF_UP if rounding is None else rounding.mode
    owed = [_Owed(fee.id or str(at), fee.kind, Fraction(fee.amount.amount)) for at, fee in enumerate(invoice.fees, 1)]
    due = total(fee.left for fee in owed) if invoice.total is None else Fraction(invoice.total.amount)
    debits = []
    paid = ZERO
    for wallet in ranked(wallets, document.order):
        why = _unfit(wallet, invoice, currency)
        eligible = [] if why else [fee for fee in owed if not wallet.kinds or fee.kind in wallet.kinds]
        limit, reason = (ZERO, why) if why else _limit(wallet, eligible, due, where)
        amount = Fraction(rounded(limit, scale, mode))
        if amount > limit and amount > _room(wallet):
            amount = Fraction(rounded(limit, scale, RoundingMode.DOWN))
        parts = _consume(eligible, amount, scale, currency)
        due -= amount
        paid += amount
        given = _money(amount, scale, currency)
        after = wallet.balance - given if amount else wallet.balance
        debits.append(Debit(wallet=wallet.id, amount=given, balance_after=after, fees=parts, explanation=reason))
    left = Fraction(rounded(due, scale, mode))
    return Paid(tuple(debits), _money(paid, scale, currency), _money(left, scale, currency))


def _currency(invoice: Invoice, where: Where) -> str:
    amounts = [fee.amount for fee in invoice.fees]
    amounts += [] if invoice.total is None else [invoice.total]
    if not amounts:
        raise refused(where, "the invoice has neither fees nor a total", "give what is to be paid")
    currencies = sorted({amount.currency for amount in amounts})
    if len(currencies) > 1:
        raise refused(where, f"the invoice is in {' and '.join(currencies)}", "give one currency")
    if any(fee.amount.amount < 0 for fee in invoice.fees):
        raise refused(where, "a fee is below zero", "take credits off the fees they belong to first")
    return currencies[0]


def _unfit(wallet: WalletBalance, invoice: Invoice, currency: str) -> str:
    if wallet.balance.currency != currency:
        return f"it holds {wallet.balance.currency}, the invoice is in {currency}"
    if invoice.at is not None:
        if wallet.effective_at is not None and invoice.at < wallet.effective_at:
            return f"it begins {wallet.effective_at.isoformat()}"
        if wallet.expires_at is not None and invoice.at >= wallet.expires_at:
            return f"it expired {wallet.expires_at.isoformat()}"
    return ""


def _room(wallet: WalletBalance) -> Fraction:
    overdraft = ZERO if wallet.overdraft_limit is None else Fraction(wallet.overdraft_limit.amount)
    return max(ZERO, Fraction(wallet.balance.amount) + overdraft)


def _limit(wallet: WalletBalance, eligible: Sequence[_Owed], due: Fraction, where: Where) -> tuple[Fraction, str]:
    for amount in (wallet.max_per_invoice, wallet.overdraft_limit):
        if amount is not None and (amount.currency != wallet.balance.currency or amount.amount < 0):
            at = where.at(record=f"wallet {wallet.id}")
            raise refused(at, f"{amount} is no limit of a wallet in {wallet.balance.currency}", "mend the wallet")
    limits = [(_room(wallet), "its balance is used up"), (max(ZERO, due), "the invoice is paid")]
    if wallet.max_per_invoice is not None:
        limits.append((Fraction(wallet.max_per_invoice.amount), "the most it pays of an invoice"))
    if wallet.kinds:
        fees = total(fee.left for fee in eligible)
        limits.append((fees, f"fees of {', '.join(wallet.kinds)} are paid"))
    return min(limits, key=lambda each: each[0])


def _consume(eligible: Sequence[_Owed], amount: Fraction, scale: int, currency: str) -> tuple[FeePart, ...]:
    parts = []
    for fee in eligible:
        part = min(fee.left, amount)
        if part > 0:
            fee.left -= part
            amount -= part
            parts.append(FeePart(fee=fee.name, amount=_money(part, scale, currency)))
    if amount > 0:
        parts.append(FeePart(fee="", amount=_money(amount, scale, currency)))
    return tuple(parts)


def _money(value: Fraction, scale: int, currency: str) -> Money:
    shown = rounded(value, scale)
    return Money(shown if Fraction(shown) == value else decimal_of(value), currency)
