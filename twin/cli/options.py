"""What commands share: kinds of paths, and errors that are told in their own words."""

from pathlib import Path
from typing import Any

import click

INTERRUPTED_STATUS = 130

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


class Told(click.ClickException):
    """An error that is told in its own words, with its own exit status."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: Any = None) -> None:
        """Print the message to stderr."""
        click.echo(self.message, err=True, file=file)
