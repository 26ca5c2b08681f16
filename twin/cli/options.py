"""What commands share: kinds of paths, and errors that are told in their own words."""

from pathlib import Path
from typing import Any

import click

from twin.clock import TimeWindow
from twin.errors import ScenarioError

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


def window_of(text: str) -> TimeWindow:
    """The hours that a `--window` says."""
    start, _, end = text.replace("–", "-").partition("-")
    try:
        return TimeWindow.between(start, end)
    except ValueError:
        raise ScenarioError(
            f"--window is {text!r}, must be hours such as 06:00-22:00; 06:00-26:00 ends at two on the next day"
        ) from None
