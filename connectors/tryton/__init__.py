"""Tryton 8.0 as an ERP: customers, invoices, credit notes, payments, refunds and journal entries over JSON-RPC."""
