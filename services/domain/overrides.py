"""What a supervisor may ask of an assessment, and what nobody may (practice.md §6.6; ARCHITECTURE.md law 4)."""

from datetime import date, timedelta

from services.domain.events import Event

MOST_DAYS = 30
MOST_SHARE_WAIVED = 25
"""Percent of the period."""
SHORTEST_NARRATIVE = 100
"""Characters."""


def refusal_of(event: Event) -> str | None:
    """The code of why a ``goal.override_requested`` is refused, or None where a second person may decide on it.

    A status is computed, never set: nothing may ask for VERIFIED, whatever certificate it rests on. The request is
    kept either way.
    """
    data = event.data
    if data["direction"] == "set_verified":
        return "status_is_computed"
    share = data.get("share_waived")
    if isinstance(share, int) and share > MOST_SHARE_WAIVED:
        return "waives_too_much"
    if date.fromisoformat(str(data["expires"])) > event.time.date() + timedelta(days=MOST_DAYS):
        return "lasts_too_long"
    if len(str(data["why"])) < SHORTEST_NARRATIVE:
        return "narrative_too_short"
    return None
