"""How long a run of several processes takes, simulated from measured times: where more of them stop helping, and why.
    ranks.py table [NAME=VALUE...]         the study, for 1 to 10,000 places
    ranks.py plot FILE.png [NAME=VALUE...] the same, drawn by gnuplot
    ranks.py check                         whether the simulation keeps bounds that hold for any schedule
NAME is one of MEASURED and STUDY. What is measured, where and how: docs/scale.md."""
import heapq
import math
import subprocess
import sys

# Processor seconds and bytes.
MEASURED = {
    "cheap": 0.069,  # one map of the gradient: a pass both ways
    "costly": 3.52,  # one of integrated gradients, 50 steps
    "put": 3.06e-6,  # rank 0, for one comparison: check, store, seal, judge
    "message": 24,  # of one comparison: struct record_pair
    "stored": 25,  # of one comparison, in the file
    "start": 0.3,  # of one process
}
# The network of rank 0 is assumed: 1 Gbit/s.
STUDY = {
    "images": 10000,
    "methods": 20,
    "costly_methods": 10,  # of these, that cost as integrated gradients
    "draws": 5,
    "stages": 6,
    "bandwidth": 117e6,
    "training": 0,  # seconds until the longest training is over; explanations of its network wait
    "blocks": 1,  # jobs that the images of one job are cut into: 1 is what the program does
}
COMPARED = 8  # numbers of one map: two measures, four views
MISMATCHED = 4  # other inputs that a map of the last stage is compared with
PLACES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]


def jobs_of(p):
    """[(seconds of one unit, units)], the longest first. A job computes the original, and then each stage."""
    images = p["images"] / p["blocks"]
    times = [p["costly"] if m < p["costly_methods"] else p["cheap"] for m in range(p["methods"])]
    return sorted(((t * images, p["stages"] + 1) for t in times for _ in range(p["draws"] * p["blocks"])), reverse=True)


def unit_of(p, stage):
    """Seconds of rank 0 for the unit of that stage: its store, or its network where that takes longer. The original is
    what others are compared with, and is stored once: it counts as nothing."""
    if stage == 0:
        return 0.0
    compared = p["images"] / p["blocks"] * COMPARED * (1 + MISMATCHED * (stage == p["stages"]))
    return compared * max(p["put"], p["message"] / p["bandwidth"])


def simulate(places, p):
    """(seconds until the end, seconds that rank 0's store was busy). A free place takes the longest job left; rank 0
    takes units in the order in which they arrive."""
    free = [p["start"] + p["training"]] * places
    arrivals = []
    end = 0.0
    for seconds, units in jobs_of(p):
        begin = heapq.heappop(free)
        arrivals += [(begin + seconds * (k + 1), unit_of(p, k)) for k in range(units)]
        heapq.heappush(free, begin + seconds * units)
        end = max(end, begin + seconds * units)
    clock = busy = 0.0
    for at, cost in sorted(arrivals):
        clock = max(clock, at) + cost
        busy += cost
    return max(end, clock), busy


def totals(p):
    jobs = jobs_of(p)
    units = p["methods"] * p["draws"]
    compared = units * p["images"] * COMPARED * (p["stages"] + MISMATCHED)
    return {
        "jobs": len(jobs),
        "seconds": sum(s * n for s, n in jobs),
        "longest": jobs[0][0] * jobs[0][1],
        "comparisons": compared,
        "store": compared * p["stored"],
        "messages": compared * p["message"],
        "rank0": compared * max(p["put"], p["message"] / p["bandwidth"]),
    }


def why(seconds, places, p):
    t = totals(p)
    bounds = {
        "places": p["training"] + t["seconds"] / places,
        "longest job": p["training"] + t["longest"],
        "rank 0": p["training"] + t["rank0"],
    }
    if p["training"] > seconds / 2:
        return "training"
    return max(bounds, key=bounds.get)


def rows(p):
    one = None
    for places in PLACES:
        seconds, busy = simulate(places, p)
        one = one or seconds
        yield places, seconds, one / seconds, busy / seconds, why(seconds, places, p)


def table(p):
    for name, value in totals(p).items():
        print(f"{name}: {value:.4g}")
    print("| places | hours | times as fast | rank 0's store is busy | what bounds |\n|---|---|---|---|---|")
    for places, seconds, faster, busy, bound in rows(p):
        print(f"| {places} | {seconds / 3600:.2f} | {faster:.0f} | {100 * busy:.1f} % | {bound} |")


def plot(path, p):
    curves = {
        "as it is: a job is a method and a draw": p,
        "jobs cut into 100 blocks of images": {**p, "blocks": 100},
        "the same, with an hour of training first (assumed)": {**p, "blocks": 100, "training": 3600},
        "blocks, all methods as cheap as the gradient": {**p, "blocks": 100, "costly_methods": 0},
    }
    text = f"set terminal pngcairo size 900,560 font 'DejaVu Sans,11'\nset output '{path}'\n"
    text += "set border 3 lc rgb '#606060'\nset tics nomirror\nset grid lt 1 lc rgb '#e0e0e0'\nset logscale xy\n"
    text += "set format x '%.0f'\nset format y '%.0f'\nset key top left reverse Left\nset xrange [1:10000]\n"
    text += "set yrange [1:10000]\nset xlabel 'places (one core each)'\nset ylabel 'times as fast as one'\n"
    for k, curve in enumerate(curves.values()):
        text += f"$d{k} << END\n" + "".join(f"{r[0]} {r[2]}\n" for r in rows(curve)) + "END\n"
    colours = ("#1f4e79", "#8a3b12", "#3b7a3b", "#7a3b7a")
    lines = [f"$d{k} with linespoints pt 7 lc rgb '{colours[k]}' title '{name}'" for k, name in enumerate(curves)]
    text += "plot x lc rgb '#a0a0a0' dt 2 title 'all places busy', " + ", ".join(lines) + "\n"
    subprocess.run(["gnuplot"], input=text, text=True, check=True)


def check(p):
    for blocks in (1, 10, 100):
        for put in (0.0, 3e-6, 1e-3):
            q = {**p, "cheap": 0.1, "costly": 2.0, "images": 100, "blocks": blocks, "put": put}
            t = totals(q)
            before = math.inf
            for places in PLACES:
                seconds, busy = simulate(places, q)
                least = max(t["seconds"] / places, t["longest"], t["rank0"])
                # Graham's bound of a list schedule, and rank 0 behind it.
                most = q["start"] + t["seconds"] / places + t["longest"] + t["rank0"]
                assert least <= seconds * (1 + 1e-9) and seconds <= most * (1 + 1e-9), (blocks, put, places)
                assert abs(busy - t["rank0"]) <= 1e-9 * (1 + busy), (blocks, put, places)
                assert seconds <= before * (1 + 1e-9) or put, (blocks, put, places)
                before = seconds
    print("ranks.py: the bounds hold")


def main():
    command, rest = sys.argv[1:2], sys.argv[2:]
    path = rest.pop(0) if command == ["plot"] and rest else None
    p = {**MEASURED, **STUDY}
    for text in rest:
        name, _, value = text.partition("=")
        if name not in p:
            sys.exit(f"ranks.py: {name}: one of {', '.join(p)} wanted")
        p[name] = type(p[name])(float(value))
    if command == ["table"]:
        table(p)
    elif path:
        plot(path, p)
    elif command == ["check"]:
        check(p)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
