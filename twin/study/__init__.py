"""Ask: settle routes, run pairs of seeds, compare."""
