#!/usr/bin/env python3
"""The significance rule in two channels, and `lockstep windows`, against the null model in plain Python."""
import argparse
import csv
import json
import math
import random
import sys

import h5py

import lockstep_run
from coaction import shared_counts
from commands import answer, ask
from null_model import Channel, p_value, same, score

START = 1_700_000_040  # on a minute
LEAST = 3
# Channel: (column, window, resolution that the study declares, resolution of the null model). All times are even.
CHANNELS = {"co-url": ("url", 20, None, 2), "co-tag": ("tag", 10, "1s", 1)}


def random_rows(seed):
    """Rows (account, time, url, tag, url's publication): a campaign of seven among thirty-five who act at leisure."""
    rng = random.Random(seed)
    published = {f"url {url}": START + 2 * rng.randrange(600) + 1 for url in range(40)}
    rows = []
    for _ in range(900):
        url = f"url {int(40 * rng.random() ** 2)}"
        tag = rng.choice(["", f"tag {int(30 * rng.random() ** 2)}"])
        rows.append((f"person {rng.randrange(35)}", START + 1200 + 2 * rng.randrange(900), url, tag, published[url]))
    for url in range(12, 34):
        time = START + 1500 + 2 * rng.randrange(700)
        for account in range(7):
            if rng.random() < 0.8:
                tag = f"tag {url % 30}" if rng.random() < 0.6 else ""
                rows.append((f"agent {account}", time + 2 * rng.randrange(4), f"url {url}", tag, published[f"url {url}"]))
    # Two rows of one post say different things of its publication: the earliest counts.
    rows.append((*rows[0][:4], rows[0][4] + 100))
    rng.shuffle(rows)
    return rows


def write_study(folder, rows, declared=None):
    """The log and its study; `declared`: {channel: resolution} instead of those of CHANNELS."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "log.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("who", "when", "url", "tag", "published"), *rows])
    text = ""
    for name, (column, window, resolution, _) in CHANNELS.items():
        text += lockstep_run.channel(name, column, window, LEAST)
        resolution = (declared or {}).get(name, resolution)
        text += f'resolution = "{resolution}"\n' if resolution else ""
        text += 'published = "published"\n' if column == "url" else ""
    study = lockstep_run.write_study(folder / "study.toml", ["log.csv"], "who", "when", [text])
    study.write_text(study.read_text(encoding="utf-8").replace(
        'rule = "count"', 'rule = "significance"\nsurrogates = 1\nfdr = 0.2'), encoding="utf-8")
    return study


def actions_of(rows, column):
    place = {"url": 2, "tag": 3}[column]
    return [(row[0], row[place], row[1]) for row in rows if row[place]]


def channels_of(rows, windows=None):
    """{name: Channel} with the study's windows, or with `windows`."""
    published = {}
    for *_, url, _, time in rows:
        published[url] = min(time, published.get(url, time))
    return {name: Channel(actions_of(rows, column), (windows or {}).get(name, window), resolution,
                          published if column == "url" else None)
            for name, (column, window, _, resolution) in CHANNELS.items()}


def close(one, other, tolerance=1e-7):
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-12)


def expected_edges(rows, channels):
    """{(a, b): {channel: (S, K, mu, p)}} of all candidates."""
    pairs = {}
    for name, (column, window, _, _) in CHANNELS.items():
        for pair, shared in shared_counts(actions_of(rows, column), window, LEAST).items():
            present, expected = channels[name].chances(*pair)
            pairs.setdefault(pair, {})[name] = (shared, present, expected, p_value(shared, present, expected))
    return pairs


def check_edges(checks, results, rows, channels):
    names = lockstep_run.column(results, "accounts/name")
    columns = [lockstep_run.column(results, f"edges/{key}").tolist() for key in (
        "source", "target", "channel", "shared", "co_present", "expected", "p_value", "weight")]
    found, weight_of = {}, {}
    for source, target, channel, *figures, weight in zip(*columns, strict=True):
        pair = tuple(sorted((names[source], names[target])))
        found.setdefault(pair, {})[list(CHANNELS)[channel]] = figures
        weight_of[pair] = weight
    expected = expected_edges(rows, channels)
    # Bonferroni: the smallest p times the number of channels.
    weight = {pair: min(1, -math.log10(min(1, len(CHANNELS) * min(figures[3] for figures in of_pair.values()))) / 20)
              for pair, of_pair in expected.items()}
    least = min(weight_of.values())
    checks.equal("edges: the pairs of enough weight", sorted(found), sorted(
        pair for pair in expected if weight[pair] >= least - 1e-6))
    checks.true("edges: there are others, and pairs with an edge in both channels",
                len(expected) > len(found) > 5 and any(len(of_pair) == 2 for of_pair in found.values()))
    wrong = [(pair, found[pair], expected[pair]) for pair in found if found[pair].keys() != expected[pair].keys() or not all(
        mine[:2] == list(theirs[:2]) and close(mine[2], theirs[2]) and close(mine[3], theirs[3], 1e-4)
        for mine, theirs in ((found[pair][name], expected[pair][name]) for name in found[pair]))]
    checks.true(f"edges: S, K, mu and p of {len(found)} pairs", not wrong, str(wrong[:2]))
    checks.true("edges: weight, of the smallest p times 2 channels",
                all(abs(weight_of[pair] - weight[pair]) < 2e-6 for pair in found))


def check_calibration(checks, results, channels):
    columns = [lockstep_run.column(results, f"calibration/{key}") for key in (
        "channel", "class", "resolution", "pairs", "observed", "expected")]
    wrong = []
    for name, interval_class, resolution, pairs, observed, expected in zip(*columns, strict=True):
        channel = channels[name]
        acting, present, _ = channel.pairs()[interval_class]
        right = (resolution == channel.resolution and pairs == present
                 and close(observed, acting / present if present else 0)
                 and close(expected, same(interval_class, channel.window, channel.resolution)))
        wrong += [] if right else [(name, interval_class, pairs, observed, acting, present)]
    checks.true("calibration", len(columns[0]) == 8 and not wrong, str(wrong))


def check_networks(checks, results, channels):
    """S, K, M, V and score of the networks from their members; channels add up to the network."""
    names = lockstep_run.column(results, "accounts/name")
    member_of = list(zip(lockstep_run.column(results, "members/network"), lockstep_run.column(results, "members/account")))
    score_found = lockstep_run.column(results, "networks/score")
    figures = {key: lockstep_run.column(results, f"networks/{key}") for key in (
        "observed", "co_present", "expected", "variance", "actions", "co_actions", "edges")}
    by_channel = {key: lockstep_run.column(results, f"network_channels/{key}") for key in (
        "network", "channel", "members", "observed", "co_present", "expected", "variance", "actions", "co_actions", "edges")}
    checks.true("networks: there are some", len(score_found) > 0)
    for rank in range(1, len(score_found) + 1):
        members = {names[account] for network, account in member_of if network == rank}
        sums = {name: channel.synchrony(members) for name, channel in channels.items()}
        whole = [sum(column) for column in zip(*sums.values())]
        mine = [figures[key][rank - 1] for key in ("observed", "co_present", "expected", "variance")]
        checks.true(f"network {rank}: S, K, M, V", all(map(close, mine, whole)), f"{mine}, expected {whole}")
        checks.true(f"network {rank}: score", close(score_found[rank - 1], score(whole[0], *whole[2:]), 1e-6))
        rows = by_channel["network"] == rank
        for key in ("observed", "co_present", "expected", "variance", "actions", "co_actions"):
            checks.true(f"network {rank}: {key} adds up over the channels",
                        close(by_channel[key][rows].sum(), figures[key][rank - 1]))
        active = {list(CHANNELS)[channel]: count for channel, count in
                  zip(by_channel["channel"][rows], by_channel["members"][rows])}
        expected = {name: len(members & {action[0] for history in channel.objects.values() for action in history})
                    for name, channel in channels.items()}
        checks.equal(f"network {rank}: members active in each channel", active,
                     {name: count for name, count in expected.items() if count})


def check_study(checks, options, folder):
    rows = random_rows(5)
    channels = channels_of(rows)
    study = write_study(folder / "study", rows)
    files = {f"{ranks} ranks": lockstep_run.run(options, study, folder / f"out-{ranks}", ranks) for ranks in (1, 3)}
    checks.same_bytes("two channels", files)
    with h5py.File(files["1 ranks"]) as results:
        check_edges(checks, results, rows, channels)
        check_calibration(checks, results, channels)
        check_networks(checks, results, channels)


def check_contradiction(checks, options, folder):
    """A declared resolution that the times contradict is said; one that they do not is not."""
    rows = random_rows(6)
    study = write_study(folder / "wrong", rows, {"co-url": "3600s"})
    printed = lockstep_run.launch(options, 2, "run", study, "--out", folder / "wrong/out")
    checks.true("resolution: a contradiction is a warning", "warning: channel co-url declares resolution 3600 s, but its "
                "times are multiples of 2 s" in printed and "co-tag declares" not in printed, printed)
    log = json.loads((folder / "wrong/out/run.log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    checks.true("resolution: the warning is in the run's log", "3600 s" in log.get("warning", ""))
    study = write_study(folder / "right", rows, {"co-url": "2s"})
    checks.true("resolution: none where it is right",
                "warning" not in lockstep_run.launch(options, 2, "run", study, "--out", folder / "right/out"))


def windows(options, study, ranks=1):
    done = ask(options, "windows", study, "--json", ranks=ranks)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout


def check_windows(checks, options, folder):
    rows = random_rows(7)
    study = write_study(folder / "even", rows)
    text = windows(options, study)
    checks.equal("windows: the same at 1 and 2 ranks", windows(options, study, 2), text)
    told = json.loads(text)
    checks.equal("windows: resolutions, and what is too fine", told["channels"],
                 [{"channel": "co-url", "resolution_seconds": 2, "too_fine_seconds": [1]},
                  {"channel": "co-tag", "resolution_seconds": 1, "too_fine_seconds": []}])
    for window in (2, 60):
        wrong = []
        for name, channel in channels_of(rows, {name: window for name in CHANNELS}).items():
            for row in told["windows"]:
                if (row["channel"], row["window_seconds"]) != (name, window):
                    continue
                acting, present, _ = channel.pairs()[row["class"]]
                expected = present * same(row["class"], window, channel.resolution)
                if (row["observed"], row["pairs"]) != (acting, present) or not close(row["expected"], expected):
                    wrong.append((row, acting, present, expected))
        checks.true(f"windows: {window} s against the definition", not wrong, str(wrong))

    # Times in minutes: the ladder begins there, and its 60 s are what a run's calibration says.
    rows = [(who, when // 60 * 60, url, tag, published) for who, when, url, tag, published in rows]
    study = write_study(folder / "minutes", rows, {"co-tag": "60s"})
    text = study.read_text(encoding="utf-8")
    for _, window, _, _ in CHANNELS.values():
        text = text.replace(f'window = "{window}s"', 'window = "60s"')
    study.write_text(text, encoding="utf-8")
    told = json.loads(windows(options, study))
    checks.equal("windows: minute data", (min(row["window_seconds"] for row in told["windows"]),
                                          [channel["too_fine_seconds"] for channel in told["channels"]]),
                 (60, [[1, 2, 5, 10, 30]] * 2))
    printed = answer(options, "windows", study)
    checks.true("windows: the table says so", "co-url: time resolution 60 s; finer windows left out: 1 s, 2 s, 5 s, 10 s, 30 s"
                in printed and " 30 s " not in printed.split("ratio")[1], printed)
    with h5py.File(lockstep_run.run(options, study, folder / "minutes/out", 2)) as results:
        columns = [lockstep_run.column(results, f"calibration/{key}") for key in (
            "channel", "class", "pairs", "observed", "expected")]
    calibration = {(name, int(number)): values for name, number, *values in zip(*columns, strict=True)}
    same_row = [row for row in told["windows"] if row["window_seconds"] == 60]
    checks.true("windows: 60 s is the calibration of a run", len(same_row) == len(calibration) and all(
        row["pairs"] == pairs and close(row["observed"], pairs * observed) and close(row["expected"], pairs * expected)
        for row in same_row for pairs, observed, expected in [calibration[row["channel"], row["class"]]]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    lockstep_run.add_options(parser)
    checked = {"study": check_study, "resolution": check_contradiction, "windows": check_windows}
    parser.add_argument("--only", choices=checked, help="one of the checks")
    return lockstep_run.run_checks(checked, parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
