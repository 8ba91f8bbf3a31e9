"""Benches: each measures the product and a plain baseline in the same run."""
