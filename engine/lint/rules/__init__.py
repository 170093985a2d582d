"""One rule per file; :data:`engine.lint.runner.RULES` lists them."""
