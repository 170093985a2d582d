"""Metrics: recurring revenue, its movements and ratios, and the bridge from it to the books."""
