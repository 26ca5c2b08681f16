"""`python -m twin` is the command `twin`."""

from twin.cli.program import main

main()
