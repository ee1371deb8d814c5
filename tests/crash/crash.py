"""kill -9 at random moments: every trial ends with one outcome, and only what was in flight at a kill is paid twice."""
import collections
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, Sim, test, main, words_task  # noqa: E402

KILLS = int(os.environ.get("CRASH_KILLS", "200"))
TRIALS = 5000
CONCURRENCY = 16


def outcomes(home):
    """Trial numbers with a committed outcome; a number that stands twice would break the primary key."""
    if not os.path.exists(os.path.join(home.env["ASSAY_HOME"], "assay.db")):
        return set()
    with home.database() as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'trial'").fetchone():
            return set()                            # killed before the first migration was committed
        return {row[0] for row in db.execute("SELECT trial_no FROM trial")}


def billed(sim):
    """How often each trial was billed, by the tag the program sends to the simulator."""
    return collections.Counter(int(row["trial"].split("/")[1]) for row in sim.ledger() if row.get("trial"))


@test
def killed_at_random_moments_nothing_is_lost_and_nothing_committed_is_paid_again():
    rng = random.Random(int(os.environ.get("CRASH_SEED", "7")))
    with Home() as home:
        words_task(home, TRIALS)
        with Sim(home, "--book", "cases.jsonl", "--speed", "4") as sim:
            command = ["run", "task.yaml", "--base-url", "sim=%s/v1" % sim.url, "--concurrency", CONCURRENCY, "--quiet"]
            in_flight_at_a_kill, kills, finished_early = set(), 0, False
            before = collections.Counter()
            while kills < KILLS:
                child = home.start(*command)
                # most moments in the thick of it, some before the first call, some later
                time.sleep(rng.choice([rng.uniform(0, 0.05), rng.uniform(0.02, 0.15), rng.uniform(0.1, 0.3)]))
                if child.poll() is not None:
                    assert child.returncode == 0, child.stderr.read()
                    finished_early = True
                    break
                os.kill(child.pid, signal.SIGKILL)
                child.wait()
                child.stdout.close()
                child.stderr.close()
                kills += 1
                time.sleep(0.02)                    # what the simulator had in hand is in its ledger now
                now, done = billed(sim), outcomes(home)
                for number, times in now.items():
                    if times > before[number]:
                        # billed in this session: a trial with an outcome before it must not be among them
                        assert number not in done or times - before[number] == 1, number
                in_flight_at_a_kill |= {n for n in now if n not in done}
                before = now
            if not finished_early:                  # the same command after the end would be a new run
                last = home.run(*command, timeout=600)
                assert last.returncode == 0, (last.returncode, last.err)
            done, bills = outcomes(home), billed(sim)
            print("       kills %d%s, trials with an outcome %d, billed calls %d, billed more than once %d" % (
                kills, " (finished before the rest)" if finished_early else "", len(done), sum(bills.values()),
                sum(1 for times in bills.values() if times > 1)))
            assert done == set(range(TRIALS)), len(done)
            assert set(bills) == set(range(TRIALS))
            twice = {n for n, times in bills.items() if times > 1}
            assert twice <= in_flight_at_a_kill, sorted(twice - in_flight_at_a_kill)[:10]
            assert kills >= min(KILLS, 50), "too few kills: the run ended after %d" % kills
            run = home.json("runs", "--json")[0]
            assert (run["state"], run["done"], run["failed"]) == ("done", TRIALS, 0), run


@test
def the_same_command_after_the_end_starts_a_new_run_and_resume_says_it_is_finished():
    with Home() as home:
        words_task(home, 20)
        first = home.run("run", "task.yaml", "--speed", "0", "--quiet")
        assert first.returncode == 0, first.err
        again = home.run("resume", "--quiet")
        assert again.returncode == 2 and "is finished" in again.err, again.err
        second = home.run("run", "task.yaml", "--speed", "0", "--quiet")
        assert second.returncode == 0
        assert len(home.json("runs", "--json")) == 2


@test
def a_resumed_run_asks_again_within_a_second():
    with Home() as home:
        words_task(home, 40000, models="sim:instant, sim:swift, sim:thrifty, sim:careful, sim:chatty")
        with Sim(home, "--book", "cases.jsonl", "--speed", "0") as sim:
            command = ["run", "task.yaml", "--base-url", "sim=%s/v1" % sim.url, "--quiet"]
            child = home.start(*command)
            time.sleep(6)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            calls = sim.call("GET", "/ledger?summary=1")["calls"]
            done = len(outcomes(home))
            assert 0 < done < 200000, done
            start = time.monotonic()
            child = home.start("resume", "--base-url", "sim=%s/v1" % sim.url, "--quiet")
            while sim.call("GET", "/ledger?summary=1")["calls"] == calls:
                assert time.monotonic() - start < 30
                time.sleep(0.01)
            print("       %d of 200000 trials done at the kill; first call after %.2f s" % (done, time.monotonic() - start))
            child.send_signal(signal.SIGINT)
            assert child.wait(60) == 130
            assert len(outcomes(home)) > done


@test
def two_processes_never_execute_one_run_at_once():
    with Home() as home:
        words_task(home, 2000)
        with Sim(home, "--book", "cases.jsonl", "--speed", "1") as sim:
            command = ["run", "task.yaml", "--base-url", "sim=%s/v1" % sim.url, "--quiet", "--concurrency", 8]
            child = home.start(*command)
            time.sleep(1.0)
            other = home.run(*command)
            assert other.returncode == 2 and "executed by another process" in other.err, (other.returncode, other.err)
            child.send_signal(signal.SIGINT)
            child.wait(60)


main()
