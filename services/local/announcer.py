"""What a person in front of the terminal is told: one line when something changes, and where to look."""

import contextlib
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from services.local.folders import DataFolder
from services.local.service import Service


class Announcer:
    """Writes lines to `console`, with colour on a terminal and plain elsewhere."""

    def __init__(self, console: Console, folder: DataFolder) -> None:
        self._console = console
        self._folder = folder

    def begins(self) -> None:
        """The system is being started."""
        self._say(f"[bold]Tallystick[/] starts on {escape(str(self._folder.root))}")

    def starts_again(self, service: Service) -> None:
        """A service that died has a new process."""
        self._line(service, "starts again")

    def ready(self, service: Service, seconds: float) -> None:
        """A service can be used."""
        where = f"  {escape(service.look)}" if service.look else ""
        self._line(service, f"[green]ready[/] ({seconds:.1f} s){where}")

    def done(self, service: Service, seconds: float) -> None:
        """A one-shot ended well."""
        self._line(service, f"[green]done[/] ({seconds:.1f} s)")

    def died(self, service: Service, how: str, again_in: float | None) -> None:
        """A service ended by itself; `again_in` seconds until its next start, None for never."""
        then = f", again in {again_in:.2g} s" if again_in is not None else ""
        log = escape(str(self._folder.log(service.name)))
        self._line(service, f"[red]{escape(how)}[/]{then}; see {log}")

    def runs(self, services: Sequence[Service]) -> None:
        """Everything is ready for the first time."""
        looks = [escape(service.look) for service in services if service.look]
        at = f" at [bold]{', '.join(looks)}[/]" if looks else ""
        self._say(f"[bold green]Tallystick runs[/]{at}. Logs: {escape(str(self._folder.logs))}. Ctrl-C stops it.")

    def stops(self) -> None:
        """The stop begins."""
        self._say("Tallystick stops; once more for a quick stop.")

    def stop_is_late(self, service: Service) -> None:
        """A service did not end in its time and is ended now."""
        self._line(service, f"[yellow]did not stop within {service.stop_timeout:.0f} s, is ended now[/]")

    def ended(self, failure: str | None) -> None:
        """Nothing runs any more; `failure` says what could not be started."""
        if failure is not None:
            self._say(f"[bold red]Tallystick could not run.[/] {escape(failure)}")
        else:
            self._say("Tallystick has stopped.")

    def _line(self, service: Service, text: str) -> None:
        self._say(f"  {service.name:<16} {text}")

    def _say(self, text: str) -> None:
        # The terminal may have gone (rich then asks for an exit), but the services still want an orderly stop.
        with contextlib.suppress(OSError, SystemExit):
            self._console.print(text, soft_wrap=True, highlight=False)
