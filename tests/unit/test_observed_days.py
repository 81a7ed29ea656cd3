"""What supports a goal cannot be about days to come; what speaks against one is never kept out for its date."""

from datetime import UTC, datetime

import pytest

from services.actions.check_observed_days import observed_too_late

NOW = datetime(2025, 6, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2025-05-31", "2025-06-01", "2025-05-31T23:00:00-04:00"])
def test_days_that_have_come_are_taken(day: str) -> None:
    assert observed_too_late({"direction": "+", "observed_from": day, "observed_to": day}, NOW) == []


def test_the_day_that_has_begun_where_it_begins_first_is_taken() -> None:
    evening = NOW.replace(hour=11)
    assert observed_too_late({"direction": "+", "observed_from": "2025-06-02"}, evening) == []
    assert observed_too_late({"direction": "+", "observed_from": "2025-06-02"}, NOW) != []


def test_support_of_a_day_to_come_is_refused_by_its_field() -> None:
    data = {
        "per_goal": [{"direction": "-"}, {"direction": "+", "observed_from": "2025-05-01", "observed_to": "2026-01-01"}]
    }
    [problem] = observed_too_late(data, NOW)
    assert (problem.field, problem.code) == ("data.per_goal[1].observed_to", "in_the_future")


def test_what_speaks_against_a_goal_is_taken_whatever_its_date() -> None:
    assert observed_too_late({"direction": "-", "observed_from": "2026-01-01"}, NOW) == []
    assert observed_too_late({"interference": True, "observed_from": "2026-01-01"}, NOW) == []
    assert observed_too_late({"interference": False, "observed_from": "2026-01-01"}, NOW) != []


def test_other_payloads_are_not_looked_at() -> None:
    assert observed_too_late({"per_goal": "2026-01-01", "observed": "2026-01-01"}, NOW) == []
