"""Make trips: zones, gravity, profiles, and travellers drawn with keyed chance."""
