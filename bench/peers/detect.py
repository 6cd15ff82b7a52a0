"""Finds changes with Apache Otava and ruptures: one JSON list of values a line in, one of places a line out.

Usage: detect.py otava|otava-tuned|otava-logs|ruptures SERIES > places
"""

import json
import math
import sys


def otava(window, p, logs):
    from otava.analysis import compute_change_points

    def places(values):
        if logs:
            values = [math.log(value) for value in values]
        points = compute_change_points(values, window_len=window, max_pvalue=p, min_magnitude=0.0)[0]
        return [int(point.index) for point in points]

    return places


def ruptures():
    import numpy
    from ruptures import KernelCPD

    def places(values):
        logs = numpy.log(numpy.array(values)).reshape(-1, 1)
        places = KernelCPD(kernel="rbf", min_size=3).fit(logs).predict(pen=PENALTY)[:-1]
        return [int(place) for place in places]

    return places


# The one that was best on other series of the same kinds.
PENALTY = 10.0

FINDERS = {
    "otava": lambda: otava(50, 0.001, False),
    "otava-tuned": lambda: otava(200, 1e-6, False),
    "otava-logs": lambda: otava(200, 1e-6, True),
    "ruptures": ruptures,
}

if __name__ == "__main__":
    find = FINDERS[sys.argv[1]]()
    with open(sys.argv[2], encoding="utf-8") as series:
        for line in series:
            print(json.dumps(find(json.loads(line))), flush=True)
