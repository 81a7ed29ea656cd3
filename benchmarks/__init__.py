"""Measurements: `python -m benchmarks NAME`. Each starts its own embedded stores and prints figures beside goals."""
