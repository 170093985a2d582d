"""Commissions, shares of revenue, and the costs of contracts."""
