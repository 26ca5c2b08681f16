"""Keep: every format on disk, and the catalogue of places, scenarios and seeds."""
