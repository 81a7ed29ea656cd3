"""The pieces of the chaos runs: journals on disk, the plan of who is killed when, the moods of a receiver."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from threading import Thread

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chaotic.journal import Journal, read
from benchmarks.chaotic.killer import VICTIMS, WITH_CHILDREN, children_of, is_alive, plan
from benchmarks.chaotic.receivers import Moods, receivers
from benchmarks.options import Options

SEVEN = Options(seed=7)
LINES = [{"step": "attempt", "name": "a"}, {"step": "ack", "name": "a", "receipt": "1"}]
WRITES_AND_DIES = (
    "import os, signal, sys\n"
    "from pathlib import Path\n"
    "from benchmarks.chaotic.journal import Journal\n"
    "with Journal(Path(sys.argv[1])) as journal:\n"
    "    for number in range(1000):\n"
    "        journal.write({'number': number})\n"
    "        print(number, flush=True)\n"
)


def write_twenty(journal: Journal, who: int) -> None:
    for number in range(20):
        journal.write({"who": who, "n": number})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        for line in LINES:
            journal.write(line)
    assert list(read(tmp_path / "journal")) == LINES


@given(torn=st.integers(0, 40))
def test_a_last_line_that_was_torn_is_left_out(tmp_path_factory: pytest.TempPathFactory, torn: int) -> None:
    path = tmp_path_factory.mktemp("torn") / "journal"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES) + json.dumps(LINES[1])[:torn], encoding="utf-8")
    assert list(read(path)) == LINES


def test_a_line_in_the_middle_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text('{"step": "att\n{"step": "ack"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="line 1 column"):
        list(read(tmp_path / "journal"))


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal:
        threads = [Thread(target=write_twenty, args=(journal, who)) for who in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = list(read(tmp_path / "journal"))
    assert Counter(line["who"] for line in lines) == dict.fromkeys(range(8), 20)
    assert [line["n"] for line in lines if line["who"] == 3] == list(range(20))


def test_what_a_killed_writer_went_on_from_is_in_its_journal(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WRITES_AND_DIES, str(tmp_path / "journal")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
    assert [line["number"] for line in read(tmp_path / "journal")][:20] == said


@given(st.randoms(use_true_random=False), st.floats(10, 400), st.integers(1, 12), st.integers(0, 4), st.integers(0, 9))
def test_every_victim_is_struck_as_often_as_asked(
    random: Random, seconds: float, kills: int, children: int, flushes: int
) -> None:
    strikes = plan(random, seconds, kills, children, 2, flushes)
    counted = Counter((strike.victim, strike.act) for strike in strikes)
    assert all(counted[victim, "kill"] == kills and counted[victim, "freeze"] == 2 for victim in VICTIMS)
    assert all(counted[victim, "kill child"] == (children if victim in WITH_CHILDREN else 0) for victim in VICTIMS)
    assert counted["valkey", "flush"] == flushes
    assert all(0 <= strike.at <= seconds for strike in strikes)
    assert all(2 <= strike.lasts <= 6 for strike in strikes if strike.act == "freeze")


def test_the_same_seed_makes_the_same_plan() -> None:
    assert plan(SEVEN.random(), 60, 3, 1, 1, 1) == plan(SEVEN.random(), 60, 3, 1, 1, 1)


def test_a_killed_child_process_is_known_to_be_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        assert child.pid in children_of(os.getpid())
        assert is_alive(child.pid)
        child.kill()
        child.wait()
    assert not is_alive(child.pid)


def test_a_moody_receiver_has_good_and_bad_times_until_it_is_calmed() -> None:
    moods = Moods(SEVEN.random())
    seen = Counter(moods.at(float(now)) for now in range(400))
    assert set(seen) == {"good", "fails", "hangs", "breaks off"}
    moods.calm = True
    assert {moods.at(float(now)) for now in range(400, 500)} == {"good"}


def test_receivers_write_down_what_they_take_before_they_answer(tmp_path: Path) -> None:
    with receivers(tmp_path / "journal", seed=1) as running:
        running.calm()
        for endpoint in ("steady", "moody"):
            answer = httpx2.post(f"{running.url}/{endpoint}", headers={"webhook-id": f"m-{endpoint}"}, json={})
            assert answer.status_code == 204
            assert list(read(running.journal))[-1] == {
                "endpoint": endpoint,
                "message": f"m-{endpoint}",
                "took": True,
            }
