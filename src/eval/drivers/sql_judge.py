"""The guest that judges a query: makes the database, runs the answer's query on it, reading only, and compares the rows.

Its input is {"setup": SCRIPT, "query": TEXT, "reference": QUERY or null, "rows": [ROW...] or null, "ordered": BOOLEAN,
"tolerance": NUMBER, "max_rows": N, "ms": N}, its output one line: {"passed": 0 or 1, "total": 1, "why": SENTENCE}, or
{"broken": SENTENCE} when the database or the reference can't be had. A query is no program: SQLite runs it, in memory,
with an authorizer that knows reading and nothing else, so it can't reach the verdict.

A row that is expected is a list of values in the columns' order, an object of values by column name (all columns,
whatever their case and order), or a value alone when there is one column. Numbers are equal when they differ by at most tolerance * max(1, |a|,
|b|); texts, blobs and NULL when they are the same. Without `ordered` the rows may come in any order.
"""
import json
import math
import reprlib
import sqlite3
import sys
import time

READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
SAY = reprlib.Repr()
SAY.maxstring = SAY.maxother = SAY.maxlong = 60
SAY.maxtuple = 12
GREEDY_MAX = 2000


class Broken(Exception):
    pass


def reading(action, what, name, *_):
    if action not in READS or (action == sqlite3.SQLITE_FUNCTION and str(name).lower() == "load_extension"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def select(db, query, most):
    """(columns, rows) of one statement that reads."""
    denied = []

    def authorize(*args):
        answer = reading(*args)
        if answer == sqlite3.SQLITE_DENY:
            denied.append(args)
        return answer

    db.set_authorizer(authorize)
    try:
        cursor = db.execute(query)
        if cursor.description is None:
            raise ValueError("it is no query: it gives no rows")
        rows = cursor.fetchmany(most + 1)
    except sqlite3.Error as error:
        if denied:
            raise ValueError("it may only read: SQLite refused something else in it")
        raise ValueError("SQLite: %s" % str(error)[:300])
    except sqlite3.Warning as error:
        raise ValueError("SQLite: %s" % str(error)[:300])
    except (MemoryError, OverflowError) as error:
        raise ValueError("it needs more than it may use: %s" % type(error).__name__)
    finally:
        db.set_authorizer(None)
    if len(rows) > most:
        raise ValueError("it gives more than %d rows" % most)
    return [c[0] for c in cursor.description], rows


def number(x):
    return isinstance(x, (int, float))


def same(a, b, tolerance):
    if number(a) and number(b):
        return a == b or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance * max(1, abs(a), abs(b)))
    return type(a) is type(b) and a == b


def same_row(a, b, tolerance):
    return len(a) == len(b) and all(same(x, y, tolerance) for x, y in zip(a, b))


def order(row):
    return [(0, 0, "") if x is None else (1, x, "") if number(x) else (2, 0, x) if isinstance(x, str) else (3, 0, x.hex()) for x in row]


def unmatched(got, wanted, tolerance):
    """The first wanted row that no row of its own is like, or None."""
    got, wanted = sorted(got, key=order), sorted(wanted, key=order)
    if all(same_row(g, w, tolerance) for g, w in zip(got, wanted)):
        return None
    left = list(got)
    if len(left) > GREEDY_MAX:
        return next(w for g, w in zip(got, wanted) if not same_row(g, w, tolerance))
    for w in wanted:
        at = next((i for i, g in enumerate(left) if same_row(g, w, tolerance)), None)
        if at is None:
            return w
        del left[at]
    return None


def expected_rows(asked, columns):
    """The rows that are written down, as tuples in the order of `columns`."""
    out = []
    names = [c.lower() for c in columns]
    for row in asked["rows"]:
        if isinstance(row, dict):
            by = {k.lower(): v for k, v in row.items()}
            if sorted(by) != sorted(names):
                raise ValueError("its columns are %s, not %s" % (", ".join(columns), ", ".join(row)))
            row = [by[n] for n in names]
        elif not isinstance(row, list):
            row = [row]
        out.append(tuple(int(x) if isinstance(x, bool) else x for x in row))
    return out


def judge(asked):
    end = time.monotonic() + asked["ms"] / 1000
    db = sqlite3.connect(":memory:", isolation_level=None)
    late = []

    def tick():
        if time.monotonic() > end:
            late.append(True)
        return bool(late)

    db.set_progress_handler(tick, 1000)
    try:
        db.executescript(asked["setup"])
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise Broken("the script that makes the database fails: %s" % ("it took too long" if late else "SQLite: %s" % error))
    if hasattr(db, "setlimit"):
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 8 << 20)
        db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    try:
        columns, got = select(db, asked["query"], asked["max_rows"])
    except ValueError as error:
        return "it took longer than %g s" % (asked["ms"] / 1000) if late else str(error)
    if asked["reference"] is not None:
        try:
            names, wanted = select(db, asked["reference"], asked["max_rows"])
        except ValueError as error:
            raise Broken("the query that the case expects fails: %s" % ("it took too long" if late else error))
        if len(names) != len(columns):
            return "it gives %d columns, not %d" % (len(columns), len(names))
    else:
        wanted = expected_rows(asked, columns)
    if len(got) != len(wanted):
        return "it gives %d rows, not %d" % (len(got), len(wanted))
    if asked["ordered"]:
        for i, (g, w) in enumerate(zip(got, wanted)):
            if not same_row(g, w, asked["tolerance"]):
                return "row %d is %s, not %s" % (i + 1, SAY.repr(g), SAY.repr(w))
        return None
    missing = unmatched(got, wanted, asked["tolerance"])
    return None if missing is None else "no row is %s" % SAY.repr(missing)


def main():
    try:
        why = judge(json.load(sys.stdin))
        out = {"passed": int(why is None), "total": 1, "why": why or ""}
    except Broken as error:
        out = {"broken": str(error)[:400]}
    except ValueError as error:
        out = {"passed": 0, "total": 1, "why": str(error)[:400]}
    except MemoryError:
        out = {"passed": 0, "total": 1, "why": "it used up its memory"}
    print(json.dumps(out), flush=True)


main()
