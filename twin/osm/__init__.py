"""Make streets: OpenStreetMap in, links with lanes, speeds and capacities out. The only room that imports osmnx."""
