"""Find a way: shortest paths with integer costs and canonical ties."""
