"""What every benchmark is asked for."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Options:
    """``share`` (0–1] scales counts and seconds down for a rehearsal; goals stay as they are."""

    seed: int
    share: float = 1.0

    def random(self) -> Random:
        """A source of chance that begins the same for the same seed."""
        return Random(self.seed)

    def scaled(self, count: int, least: int = 1) -> int:
        """``count``, or its share, and never under ``least``."""
        return max(least, round(count * self.share))
