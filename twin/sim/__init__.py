"""Move: the discrete-event simulation. SimPy is the clock, a Flow moves vehicles between decisions."""
