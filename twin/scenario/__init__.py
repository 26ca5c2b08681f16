"""Change a city: measures as data, scenarios as lists of them."""
