"""Propose: candidates for openings, spaces and lines."""
