"""A story made ready to be played: who there is, a system whose clock the player moves, and the events."""

import os
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from services.actions.play_story import StoryEvent, agency_actors, senders
from services.actions.set_up import SetUpRefused, set_up
from services.channels.rehearsal import RehearsalChannel
from services.cli.story_file import read_story
from services.clock import StoryClock
from services.domain.actors import Actor
from services.policy.book import load_policy_book
from services.policy.setup_file import load_setup
from services.storage.database import DatabaseRole, connect
from services.storage.sealing import KEY_BYTES, KeyRing
from services.system import System

_SET_UP = Actor(name="system:set-up", administrates=True)


@dataclass(frozen=True, slots=True)
class PreparedStory:
    """Everything to play a story with. ``zone`` is that of its (first) county."""

    system: System
    clock: StoryClock
    events: list[StoryEvent]
    zone: ZoneInfo


def prepared_story(
    database_url: str, policy: Path, file: Path, setup: Path, keys: KeyRing | None = None, password: str | None = None
) -> PreparedStory:
    """Register who there is on a migrated database, and read the story.

    Without ``keys`` everything is sealed under keys that are forgotten with the process. ``password`` is given to
    staff who have none yet (a demonstration). Raises StoryFileError, InvalidPolicyError, ValueError.
    """
    envelopes = read_story(file)
    if not envelopes:
        raise ValueError(f"{file}: there is no event in it")
    clock = StoryClock(min(envelope.recorded for _, envelope in envelopes))
    system = System(
        database=connect(database_url, DatabaseRole.WORKER),
        clock=clock,
        keys=keys or KeyRing(os.urandom(KEY_BYTES), os.urandom(KEY_BYTES)),
        policy=load_policy_book(policy),
        channels={"webhook": RehearsalChannel()},
        done_by="replay",
    )
    asked = load_setup(setup)
    done = set_up(system, _SET_UP, asked.plan, demo_password=password, allow_private=True)
    if isinstance(done, SetUpRefused):
        raise asked.errors_of(done.faults)
    zone = ZoneInfo(asked.plan.counties[0].zone if asked.plan.counties else "UTC")
    return PreparedStory(system, clock, senders(agency_actors(system), envelopes), zone)
