"""The engine beside its peers: how fast it is, and whether it agrees. Not shipped."""
