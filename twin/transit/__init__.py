"""Make bus lines: tables and feeds in, lines on streets out."""
