"""Changes to definitions, one at a time, to see which of them no test notices."""
