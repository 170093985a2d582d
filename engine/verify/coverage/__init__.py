"""Which steps, cases, rules, mapped fields and error clauses the tests of a workspace reach."""
