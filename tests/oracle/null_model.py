"""Reference for the null model of timing, by its definition and nothing else (docs/method.md, sections 2, 3 and 6).

Probabilities are counted over all pairs and triples of slots; chances over all pairs of actions. Slow, and independent
of the program.
"""
import collections
import functools
import itertools
import math


def slots(interval_class, window, resolution):
    """Slots of an interval of a class: 5, 5, 10, 20 windows, each of at least one slot."""
    return (5, 5, 10, 20)[interval_class] * max(1, -(-window // resolution))


def interval_of(age, window, resolution):
    """(number of the interval of an age, its class)."""
    end = 0
    for number in itertools.count():
        end += slots(min(number, 3), window, resolution) * resolution
        if age < end:
            return number, min(number, 3)


@functools.lru_cache(None)
def same(interval_class, window, resolution):
    """q: two draws in one interval are within the window."""
    n, w = slots(interval_class, window, resolution), window // resolution
    return sum(abs(x - y) <= w for x in range(n) for y in range(n)) / n**2


@functools.lru_cache(None)
def adjacent(interval_class, window, resolution):
    """The same for an interval of this class and the next one."""
    n, w = slots(interval_class, window, resolution), window // resolution
    n_next = slots(min(interval_class + 1, 3), window, resolution)
    return sum(n + y - x <= w for x in range(n) for y in range(n_next)) / (n * n_next)


@functools.lru_cache(None)
def triple(interval_class, window, resolution):
    """One draw is within the window of two others."""
    n, w = slots(interval_class, window, resolution), window // resolution
    return sum(sum(abs(x - y) <= w for y in range(n)) ** 2 for x in range(n)) / n**3


class Channel:
    """The actions of one channel, by object, with the interval of each: [(account, time, interval, class)]."""

    def __init__(self, actions, window, resolution, published=None):
        """`actions`: (account, object, time); `published`: {object: time}."""
        self.window, self.resolution = window, resolution
        self.objects = collections.defaultdict(list)
        times = collections.defaultdict(list)
        for account, obj, time in actions:
            times[obj].append((time, account))
        for obj, history in times.items():
            born = min(history)[0]
            early = born - min(born, (published or {}).get(obj, born))
            born -= early // resolution * resolution  # on the grid of the first action
            self.objects[obj] = [(account, time, *interval_of(time - born, window, resolution))
                                 for time, account in history]

    def meeting(self, one, other):
        """The chance that two actions on one object are within the window."""
        (*_, i, i_class), (*_, j, j_class) = one, other
        if abs(i - j) > 1:
            return 0
        return same(i_class, self.window, self.resolution) if i == j else \
            adjacent(min(i_class, j_class), self.window, self.resolution)

    def chances(self, a, b):
        """(K, mu) of two accounts."""
        present, expected = 0, 0
        for history in self.objects.values():
            met = sum(self.meeting(x, y) for x in history if x[0] == a for y in history if y[0] == b)
            present += met > 0
            expected += min(1, met)
        return present, expected

    def pairs(self, members=None):
        """{class: (S, K, triples)} of pairs of actions by different accounts, all or members, in one interval."""
        counts = {interval_class: [0, 0, 0] for interval_class in range(4)}
        for history in self.objects.values():
            rooms = collections.defaultdict(list)
            for account, time, number, interval_class in history:
                if members is None or account in members:
                    rooms[number, interval_class].append((account, time))
            for (_, interval_class), room in rooms.items():
                count = counts[interval_class]
                for (a, time), (b, other) in itertools.combinations(room, 2):
                    count[0] += a != b and abs(time - other) <= self.window
                    count[1] += a != b
                for a, _ in room:
                    beside = sum(a != b for b, _ in room)
                    count[2] += beside * (beside - 1)
        return counts

    def synchrony(self, members):
        """(S, K, M, V) of a network in this channel."""
        sums = [0, 0, 0.0, 0.0]
        for interval_class, (acting, present, triples) in self.pairs(members).items():
            q = same(interval_class, self.window, self.resolution)
            q3 = triple(interval_class, self.window, self.resolution) if triples else 0
            sums = [sums[0] + acting, sums[1] + present, sums[2] + present * q,
                    sums[3] + present * q * (1 - q) + triples * (q3 - q * q)]
        return sums


def p_value(shared, present, expected):
    """P(Binomial(K, mu/K) >= S) where S >= mu + 1, else 1."""
    if shared < expected + 1 or shared > present:
        return 1.0
    p = expected / present
    return math.fsum(math.comb(present, k) * p**k * (1 - p) ** (present - k) for k in range(shared, present + 1))


def score(acting, expected, variance):
    """Lambda."""
    if acting <= expected:
        return 0.0
    return (acting * math.log(acting / expected) - (acting - expected)) / max(1, variance / expected)
