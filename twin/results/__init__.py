"""Measure: one function a metric, paired estimates, comparisons. Reads records, never the engine."""
