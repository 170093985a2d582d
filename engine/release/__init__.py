"""What a change of definitions means before it is released: plan, compatibility, backtest."""
