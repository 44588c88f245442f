"""The bar that shows a command's progress on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from tumangang_watch.commands.terminal.progress import PhaseClock, left_words


class _Left(ProgressColumn):
    """Share done and time left."""

    def __init__(self, clock: PhaseClock) -> None:
        super().__init__()
        self.clock = clock

    def render(self, task: Task) -> Text:
        """Return what stands behind the bar."""
        share, left_s = self.clock.share(), self.clock.left_s()
        if share is None:
            return Text("")
        task.completed = 100 * share
        words = f"{share:3.0%}" + ("" if left_s is None else f", {left_words(left_s)} left")
        return Text(words, style="progress.percentage")


@contextmanager
def shown_bar(clock: PhaseClock) -> Iterator[Callable[[str], None]]:
    """Show a bar on standard error; hand over what begins a phase by its name."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(30), _Left(clock))
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=4) as shown:
        task = shown.add_task("starting", total=100)

        def begin(text: str) -> None:
            clock.begin(text)
            shown.update(task, description=text)

        yield begin
