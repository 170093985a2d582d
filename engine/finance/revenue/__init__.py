"""Revenue: price and its allocation to obligations, recognition over time, modifications, contract balances."""
