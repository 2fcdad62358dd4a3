"""Asks pySigma and its SQLite back end for verdicts.

Reads cases from standard input, one JSON object a line, as `rsigma/src/main.rs` does:
  {"id": "...", "rules": "YAML, or absent", "files": ["rule files"], "events": [{...}]}
and answers each with a line {"id", "hits": [[rule ids] per event], "errors": [...]}.

Rules are converted once to SQL text and run over a table of the case's events: a column per field (COLLATE NOCASE, as the
back end asks for), NULL where an event lacks it, `fulltext` with every value for keyword rules. Correlations are refused:
each is named in "errors".
"""

import ipaddress
import json
import re
import signal
import sqlite3
import sys

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.filters import SigmaFilter

TABLE = "logs"
# Python's regular expressions backtrack: a rule that takes longer than this has no answer.
RULE_SECONDS = 5


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def cell(value):
    if value is None or isinstance(value, (int, float, str)) and not isinstance(value, bool):
        # Larger integers than SQLite's are text.
        return str(value) if isinstance(value, int) and abs(value) >= 2**63 else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def texts(value):
    if isinstance(value, dict):
        return [t for v in value.values() for t in texts(v)]
    if isinstance(value, list):
        return [t for v in value for t in texts(v)]
    return [] if value is None else [str(cell(value))]


def regexp(pattern, value):
    return value is not None and re.search(pattern, str(value)) is not None


def cidr(value, network):
    try:
        return ipaddress.ip_address(str(value)) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


class TooSlow(Exception):
    pass


def too_slow(_signal, _frame):
    raise TooSlow()


def table_of(events):
    db = sqlite3.connect(":memory:")
    db.create_function("regexp", 2, regexp)
    names = []
    seen = set()
    for e in events:
        for name in e:
            if name.lower() not in seen:
                seen.add(name.lower())
                names.append(name)
    columns = ", ".join(f"{quote(n)} COLLATE NOCASE" for n in names) + (", " if names else "")
    db.execute(f"CREATE TABLE {TABLE} ({columns}fulltext TEXT NOT NULL)")
    for e in events:
        row = [cell(e.get(n)) for n in names] + ["\n".join(texts(e))]
        db.execute(f"INSERT INTO {TABLE} VALUES ({', '.join('?' * len(row))})", row)
    return db, seen | {"fulltext"}


def conversions(collection, backend, errors):
    """(rule id, SQL, fields) of every rule; those that cannot be converted are named in errors."""
    out = []
    for error in collection.errors:
        errors.append(str(error))
    try:
        # Applies the filters.
        collection.resolve_rule_references()
    except Exception as error:  # noqa: BLE001
        errors.append(f"{type(error).__name__}: {error}")
    for rule in collection.rules:
        if isinstance(rule, (SigmaCorrelationRule, SigmaFilter)):
            if isinstance(rule, SigmaCorrelationRule):
                errors.append(f"{rule.title}: correlations are not asked for")
            continue
        identity = str(rule.id) if rule.id is not None else rule.title
        if rule.errors:
            errors.extend(f"{identity}: {e}" for e in rule.errors)
            continue
        try:
            for sql in backend.convert_rule(rule):
                out.append((identity, sql, backend.required_fields(rule)))
        except Exception as error:  # noqa: BLE001 - whatever the converter says is its answer
            errors.append(f"{identity}: {type(error).__name__}: {error}")
    return out


def judge(case):
    errors = []
    events = case["events"]
    db, have = table_of(events)
    backend = sqliteBackend(table=TABLE, fulltext_field="fulltext")
    loaded = []
    if case.get("rules"):
        loaded.append(SigmaCollection.from_yaml(case["rules"], collect_errors=True))
    for path in case.get("files", []):
        with open(path, encoding="utf-8") as f:
            loaded.append(SigmaCollection.from_yaml(f.read(), collect_errors=True))
    hits = [set() for _ in events]
    for collection in loaded:
        for identity, sql, fields in conversions(collection, backend, errors):
            for field in fields:
                if field.lower() not in have:
                    db.execute(f"ALTER TABLE {TABLE} ADD COLUMN {quote(field)} COLLATE NOCASE")
                    have.add(field.lower())
            signal.setitimer(signal.ITIMER_REAL, RULE_SECONDS)
            try:
                # "SELECT * FROM logs WHERE ..." with the number of the row instead.
                for (row,) in db.execute(re.sub(r"^SELECT \*", "SELECT rowid", sql)):
                    hits[row - 1].add(identity)
            except (sqlite3.Error, TooSlow) as error:
                errors.append(f"{identity}: {type(error).__name__}: {error}")
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    return {"id": case["id"], "hits": [sorted(h) for h in hits], "errors": errors}


def main():
    signal.signal(signal.SIGALRM, too_slow)
    for line in sys.stdin:
        if line.strip():
            case = json.loads(line)
            try:
                answer = judge(case)
            except Exception as error:  # noqa: BLE001
                answer = {"id": case.get("id"), "hits": [], "errors": [f"{type(error).__name__}: {error}"]}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
