#!/usr/bin/env python3
"""`lockstep evaluate` and `show --network` on the sample: every metric and figure against Python, from the result file."""
import argparse
import collections
import csv
import itertools
import json
import math
import pathlib
import re
import sys
import tempfile

import h5py

import lockstep_run
from commands import answer, ask

USAGE, BAD_DATA = 64, 65


def read_result(results_file):
    """({account: rank of its network}, scores by rank)."""
    with h5py.File(results_file) as results:
        network = lockstep_run.column(results, "accounts/network").tolist()
        scores = lockstep_run.column(results, "networks/score").tolist()
        return {name: max(rank, 0) for name, rank in zip(lockstep_run.column(results, "accounts/name"), network)}, scores


def entropy(counts):
    return -sum(count / sum(counts) * math.log(count / sum(counts)) for count in counts)


def metrics(judged, scores, at):
    """All metrics by their definitions. `judged`: [(rank or 0, campaign or None)]."""
    found = [one for one in judged if one[0]]
    positives = [one for one in judged if one[1] is not None]
    both = [one for one in positives if one[0]]
    score = [(scores[rank - 1] if rank else -math.inf, campaign is not None) for rank, campaign in judged]
    good, bad = ([value for value, positive in score if positive is of] for of in (True, False))
    wins = sum((a > b) + (a == b) / 2 for a in good for b in bad)
    average = sum((least_in := [positive for value, positive in score if value >= one]).count(True) / len(least_in)
                  for one in good)
    networks = []
    for rank in range(1, len(scores) + 1):
        members = [campaign for network, campaign in judged if network == rank]
        if members:
            counts = collections.Counter(campaign for campaign in members if campaign is not None)
            networks.append((rank, len(members), counts.total(), max(counts.values(), default=0)))
    ranks, campaigns = (collections.Counter(column) for column in zip(*both))
    joint = collections.Counter(both)
    h_a, h_b, h_ab = (entropy(counter.values()) for counter in (ranks, campaigns, joint))
    inside = {which: sum(math.comb(count, 2) for count in counter.values())
              for which, counter in (("a", ranks), ("b", campaigns), ("both", joint))}
    chance = inside["a"] * inside["b"] / math.comb(len(both), 2)
    return {
        "precision": len(both) / len(found), "recall": len(both) / len(positives),
        "f1": 2 * len(both) / (len(found) + len(positives)),
        "roc_auc": wins / (len(good) * len(bad)) if bad else None, "average_precision": average / len(good),
        "weighted_precision": sum(most**2 / size for _, size, _, most in networks) / sum(most for *_, most in networks),
        "nmi": 2 * (h_a + h_b - h_ab) / (h_a + h_b), "ari": (inside["both"] - chance) / (
            (inside["a"] + inside["b"]) / 2 - chance),
        **{f"at {k}": sum(2 * positive > size for _, size, positive, _ in networks[:k]) / len(networks[:k]) for k in at},
        "networks": {rank: [size, positive, most, most / size] for rank, size, positive, most in networks},
        "campaigns": {name: [len([one for one in positives if one[1] == name]), len([one for one in both if one[1] == name])]
                      for name in {campaign for _, campaign in positives}},
    }


def told(text, at):
    """The same of the program's JSON."""
    answer_ = json.loads(text)
    accounts = answer_["accounts"]
    return {
        **{key: accounts[key] for key in ("precision", "recall", "f1", "roc_auc", "average_precision")},
        **{key: answer_[key] for key in ("weighted_precision", "nmi", "ari")},
        **{f"at {k}": one["precision"] for k, one in zip(at, answer_["precision_at"], strict=True)},
        "networks": {one["rank"]: [one["size"], one["positives"], one["campaign_members"], one["purity"]]
                     for one in answer_["networks"]},
        "campaigns": {one["campaign"]: [one["members"], one["found"]] for one in answer_["campaigns"]},
    }


def same_figures(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_figures(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_figures, one, other))
    return one == other if one is None or other is None else math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def write_labels(path, rows, columns=("account", "label", "campaign")):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def check_evaluate(checks, options, folder, results_file):
    network_of, scores = read_result(results_file)
    names = sorted(network_of)
    # A third of the accounts are of campaigns, some of bystanders; the rest has no label, an empty one or none that counts.
    labels = {}
    for i, name in enumerate(names):
        rank = network_of[name]
        if rank and i % 7:
            labels[name] = ("troll", f"campaign {'ab'[(rank + (i % 11 == 0)) % 2]}")
        elif i % 3 == 0:
            labels[name] = ("press", "") if i % 2 else ("reader", "")
    labels.update({f"unseen {i}": ("troll", "campaign c") for i in range(3)})
    labels["unseen reader"] = ("reader", "")
    labels[next(name for name in names if name not in labels)] = ("", "")
    rows = [(name, *values) for name, values in labels.items()]
    rows.append(rows[0])  # said twice, the same
    file = write_labels(folder / "labels.csv", rows)
    at = [1, 2, 5]

    def judge(truth, labelled_only=False):
        judged = [(network_of.get(name, 0), truth[name]) for name in truth]
        return judged if labelled_only else judged + [(rank, None) for name, rank in network_of.items()
                                                      if rank and name not in truth]

    def compare(what, truth, *arguments, labelled_only=False):
        text = answer(options, "evaluate", results_file, "--labels", file, "--json", *itertools.chain(
            *(("--at", k) for k in at)), *arguments, *(["--labelled-only"] if labelled_only else []))
        expected, mine = metrics(judge(truth, labelled_only), scores, at), told(text, at)
        checks.true(f"evaluate: {what}", same_figures(mine, expected), f"{mine}\nexpected {expected}")
        return expected

    troll = {name: campaign if label == "troll" else None for name, (label, campaign) in labels.items() if label}
    figures = compare("--positive and --campaign", troll, "--positive", "troll", "--campaign", "campaign")
    checks.true("evaluate: the sample makes the metrics differ", 0 < figures["precision"] < 1 and 0 < figures["recall"] < 1
                and 0 < figures["nmi"] < 1 and len(figures["campaigns"]) == 3)
    compare("--labelled-only", troll, "--positive", "troll", "--campaign", "campaign", labelled_only=True)
    by_label = {name: label if label not in ("press", "reader") else None for name, (label, _) in labels.items() if label}
    compare("--negative", by_label, "--negative", "press", "--negative", "reader")
    neither = {name: "troll" if label == "troll" else None for name, (label, _) in labels.items() if label in ("troll", "press")}
    compare("labels that are neither say nothing", neither, "--positive", "troll", "--negative", "press")
    compare("every label is positive", {name: label for name, (label, _) in labels.items() if label})

    plain = answer(options, "evaluate", results_file, "--labels", file, "--positive", "troll", "--campaign", "campaign")
    checks.true("evaluate: the table", f"{figures['precision']:.4f}" in plain and f"{figures['nmi']:.4f}" in plain, plain)

    def refused(what, code, words, rows, *arguments):
        wrong = write_labels(folder / "wrong.csv", rows)
        done = ask(options, "evaluate", results_file, "--labels", wrong, *arguments)
        checks.true(f"evaluate: {what}", done.returncode == code and words in done.stderr, done.stderr)

    refused("two labels of one account are an error with the line", BAD_DATA, "line 4: 'a' has another label",
            [("a", "x", ""), ("b", "x", ""), ("a", "y", "")])
    refused("an unknown label is an error that lists the known", USAGE, "the labels in column 'label'",
            [("a", "x", ""), (names[0], "y", "")], "--positive", "z")
    refused("a label cannot be both", USAGE, "'x' is --positive and --negative", [("a", "x", "")],
            "--positive", "x", "--negative", "x")
    refused("labels of other accounts are an error", BAD_DATA, "is --account the right column?", [("a", "x", "")])
    tabs = folder / "labels.tsv"
    tabs.write_text("who\twhat\n" + "".join(f"{name}\t{label}\n" for name, (label, _) in labels.items()), encoding="utf-8")
    text = answer(options, "evaluate", results_file, "--labels", tabs, "--account", "who", "--label", "what", "--negative",
                  "press", "--negative", "reader", "--json", *itertools.chain(*(("--at", k) for k in at)))
    checks.true("evaluate: a tsv file with columns of other names",
                same_figures(told(text, at), metrics(judge(by_label), scores, at)))


def check_links(checks, options, results_file):
    """Links are listed with their figures, most edges first; nothing is where a network has none."""
    with h5py.File(results_file) as results:
        columns = [lockstep_run.column(results, f"links/{key}").tolist() for key in (
            "network_a", "network_b", "edges", "evidence")]
        size = lockstep_run.column(results, "networks/size").tolist()
    links = list(zip(*columns, strict=True))
    linked = sorted({rank for link in links for rank in link[:2]})
    alone = sorted(set(range(1, len(size) + 1)) - set(linked))
    checks.true("show: there are links, and networks without", linked and alone)
    for rank in linked[:5] + alone[:1]:
        expected = [[other, size[other - 1], edges, evidence] for a, b, edges, evidence in links if rank in (a, b)
                    for other in [a + b - rank]]
        expected.sort(key=lambda row: -row[2])
        text = answer(options, "show", results_file, "--network", rank, "--top", 1000)
        part = re.search(r"\nlinked network .*\n((?: *\d.*\n|\d.*\n)*)", text)
        found = [[int(cell) for cell in line.split()] for line in part[1].splitlines()] if part else []
        checks.equal(f"show: links of network {rank}", found, expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    lockstep_run.add_options(parser)
    parser.add_argument("--sample", default=lockstep_run.PROJECT / "data/samples/demo/study.toml", type=pathlib.Path)
    options = parser.parse_args()
    checks = lockstep_run.Checks()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        # Two shared objects and small communities: many networks, with links.
        study = lockstep_run.with_rule(options.sample, folder / "study.toml", "count")
        text = study.read_text(encoding="utf-8").replace("min_shared = 3", "min_shared = 2")
        study.write_text(text + "\n[communities]\nresolution = 0.5\n", encoding="utf-8")
        results_file = lockstep_run.run(options, study, folder / "out", 2)
        check_evaluate(checks, options, folder, results_file)
        check_links(checks, options, results_file)
    return checks.exit_code()


if __name__ == "__main__":
    sys.exit(main())
