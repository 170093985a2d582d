"""Prepaid credits: grants that burn down, and wallets that pay invoices."""
