#!/usr/bin/env python3
"""Writes small random logs with everything that makes a projection go wrong, and a study file beside them.

Per seed another size and mixture: ties in time, exact duplicates, repeated actions of one account, viral
objects, gaps of exactly the window and one second more, missing objects, cells with several objects, names
beyond ASCII, several files, a lone action or some thousands. Channels without any action are left out of the
study: the program refuses them.
"""
import argparse
import csv
import gzip
import pathlib
import random

START = 1_600_000_000
MISSING = ("", "NA")
COLUMNS = ["who", "when", "url", "tags", "post"]


def random_rows(rng):
    """Rows of a random log, in random order."""
    accounts = rng.choice([2, 5, 20, 60])
    objects = rng.choice([1, 4, 30, 120])
    actions = rng.choice([1, 10, 300, 3000])
    moments = rng.choice([1, 30, 600, 20_000])  # seconds the log spans: few make ties
    skew = rng.choice([1.0, 2.0, 4.0])          # large: most actions on few objects

    def account():
        return f"account {int(accounts * rng.random())} é"

    def thing(kind, count):
        return f"{kind}{int(count * rng.random() ** skew)}"

    rows = [[account(), START, thing("first ", objects), "", ""]]
    for _ in range(actions - 1):
        url = thing("https://example.org/?a=1,2&id=", objects) if rng.random() < 0.8 else rng.choice(MISSING)
        tags = "|".join(thing("#täg", objects) for _ in range(rng.randrange(4)))
        post = thing("post ", 2) if rng.random() < 0.3 else ""
        rows.append([account(), START + rng.randrange(moments), url, tags, post])
        if rng.random() < 0.1:
            rows.append(list(rows[-1]))
        if rng.random() < 0.2:  # at the window's border, inside or outside by one second
            rows.append([account(), rows[-1][1] + rng.choice([29, 30, 31, 59, 60, 61]), url, tags, post])
    rng.shuffle(rows)
    return rows


def channels_of(rows, min_shared):
    """The channels that have actions: (name, column, options)."""
    channels = [("co-url", "url", f'window = "60s"\nmin_shared = {min_shared}'),
                ("co-tag", "tags", f'separator = "|"\nwindow = "30s"\nmin_shared = {min_shared + 1}'),
                ("co-post", "post", 'window = "0s"\nmin_shared = 1')]
    return [channel for channel in channels
            if any(row[COLUMNS.index(channel[1])] not in MISSING for row in rows)]


def study_text(name, channels):
    """The study file of a random log, each channel with its own window and minimum."""
    text = f"""[study]
name = "{name}"

[[input]]
files = ["log-*"]
format = "csv"
account = "who"
time = "when"
missing = ["", "NA"]

[coordination]
rule = "count"
"""
    for channel, column, options in channels:
        text += f'\n[[channel]]\nname = "{channel}"\nobject = "{column}"\n{options}\n'
    return text


def write_log(folder, seed):
    """Writes log-*.csv(.gz) and study.toml to `folder`; returns the study file's path."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    rows = random_rows(rng)
    files = rng.choice([1, 3])
    for number in range(files):
        compressed = rng.random() < 0.5
        path = folder / f"log-{number}.csv{'.gz' if compressed else ''}"
        with (gzip.open if compressed else open)(path, "wt", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows[number::files])
    study = folder / "study.toml"
    channels = channels_of(rows, min_shared=rng.choice([1, 2, 3]))
    study.write_text(study_text(f"random-{seed}", channels), encoding="utf-8")
    return study


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(write_log(options.folder, options.seed))


if __name__ == "__main__":
    main()
