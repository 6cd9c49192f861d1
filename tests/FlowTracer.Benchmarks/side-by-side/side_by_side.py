#!/usr/bin/python3
"""Times FlowTracer against what a user would pick instead, on one ledger and one machine, and prints the ratios.

Plain reachability in python-igraph and networkx, and a straightforward haircut in networkx, against the exact taint of
`FlowTracer.Benchmarks.dll bulk-run`. Reachability knows neither time nor amounts: it answers less. The haircut follows the
same rules (docs/accounting.md), so its totals must be the program's to the unit, or this ends with exit code 4.

Every figure is measured at the size it is printed with; none is carried over to another size.
Needs Debian's python3-igraph and python3-networkx. Exit codes: 0 done, 2 unusable arguments, 4 totals differ.
"""

import argparse
import array
import contextlib
import gc
import json
import os
import platform
import resource
import struct
import subprocess
import sys
import tempfile
import time

import igraph
import networkx

NOBODY = -1  # where a transfer comes from that issues money, and where one goes that is a fee
ISSUE, FEE = "issue", "fee"  # the same as nodes: two of them, or a fee would seem to come back as new money
BUILT = os.path.join(os.path.dirname(__file__), "..", "bin", "Release", "net10.0", "FlowTracer.Benchmarks.dll")


class Ledger:
    """Transfers in their order, as columns: payer, payee, amount in base units."""

    MAGIC = b"FTEDGES1"
    HEADER = struct.Struct("<8sqq")

    def __init__(self, path, seed_row):
        """Reads what `bulk-edges` wrote; raises ValueError when it is something else, or cut short."""
        with open(path, "rb") as file:
            magic, count, self.holders = self.HEADER.unpack(file.read(self.HEADER.size))
            if magic != self.MAGIC or sys.byteorder != "little":
                raise ValueError(f"{path}: not a file of edges in this machine's byte order")
            self.payers, self.payees, self.amounts = array.array("i"), array.array("i"), array.array("Q")
            for column in (self.payers, self.payees, self.amounts):
                column.fromfile(file, count)
        self.seed_row = seed_row
        self.seed_holder = self.payees[seed_row]

    def __len__(self):
        return len(self.amounts)


def program(path, *arguments):
    """Runs a verb of the benchmarks program; returns what its one line of JSON says."""
    run = subprocess.run(["dotnet", path, *map(str, arguments)], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def ledger_of(path, transfers, seed):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "edges")
        return Ledger(file, program(path, "bulk-edges", transfers, seed, file)["seed_row"])


class Clock:
    """Seconds of the block it is the context of; the least of several when it is used again."""

    def __init__(self):
        self.seconds = float("inf")

    @contextlib.contextmanager
    def measure(self):
        gc.collect()
        start = time.perf_counter()
        yield
        self.seconds = min(self.seconds, time.perf_counter() - start)


def time_igraph(ledger, runs):
    """Build, Graph.bfs and Graph.subcomponent in seconds, and how many vertices the seed's holder reaches."""
    build, bfs, subcomponent = Clock(), Clock(), Clock()
    with build.measure():
        payers = (p if p != NOBODY else ledger.holders for p in ledger.payers)
        payees = (p if p != NOBODY else ledger.holders + 1 for p in ledger.payees)
        graph = igraph.Graph(n=ledger.holders + 2, edges=zip(payers, payees), directed=True)
    for _ in range(runs):
        with bfs.measure():
            visited, _, _ = graph.bfs(ledger.seed_holder, mode="out")
        with subcomponent.measure():
            reached = graph.subcomponent(ledger.seed_holder, mode="out")
    assert len(set(visited)) == len(reached)
    return build.seconds, bfs.seconds, subcomponent.seconds, len(reached)


def build_networkx(ledger):
    graph = networkx.MultiDiGraph()
    graph.add_nodes_from(range(ledger.holders), clean=0, stolen=0, stolen_first=False)
    graph.add_nodes_from((ISSUE, FEE), clean=0, stolen=0, stolen_first=False)
    for row, (payer, payee, amount) in enumerate(zip(ledger.payers, ledger.payees, ledger.amounts)):
        graph.add_edge(payer if payer != NOBODY else ISSUE, payee if payee != NOBODY else FEE, row, amount=amount)
    return graph


def time_networkx(ledger, runs):
    """Build, descendants and haircut in seconds, and the haircut's totals."""
    build, descendants, haircut_clock = Clock(), Clock(), Clock()
    with build.measure():
        graph = build_networkx(ledger)
    for _ in range(runs):
        with descendants.measure():
            networkx.descendants(graph, ledger.seed_holder)
    with haircut_clock.measure():
        totals = haircut(graph, ledger.seed_row)
    return build.seconds, descendants.seconds, haircut_clock.seconds, totals


def haircut(graph, seed_row):
    """What is stolen of each node's balance after all edges in their order, written into the nodes; returns its totals.

    A node has a clean and a stolen lot, the earlier of which wins a tie. Integers throughout: each lot gives the floor of
    its share, and the unit left over is the lot's with the larger remainder.
    """
    nodes = graph.nodes
    for payer_key, payee_key, row, amount in sorted(graph.edges(keys=True, data="amount"), key=lambda edge: edge[2]):
        payer, payee = nodes[payer_key], nodes[payee_key]
        if payer is payee:
            continue
        if payer_key == ISSUE:
            stolen, clean = 0, amount
        else:
            stolen, clean = shares(payer, amount)
            payer["stolen"] -= stolen
            payer["clean"] -= clean
        if row == seed_row:
            stolen, clean = amount, 0
        # Lots keep the place of the earliest still there; new ones come in the order in which they were drawn.
        if not payee["stolen"]:
            payee["stolen_first"] = not payee["clean"] and stolen > 0 and (not clean or payer["stolen_first"])
        elif not payee["clean"]:
            payee["stolen_first"] = True
        payee["stolen"] += stolen
        payee["clean"] += clean
    stolen = [node["stolen"] for key, node in nodes.items() if node["stolen"]]
    return {"tainted_holders": len(stolen) - (nodes[FEE]["stolen"] > 0), "placed": sum(stolen)}


def shares(payer, amount):
    pool = payer["stolen"] + payer["clean"]
    if amount > pool:
        raise ValueError(f"a payment of {amount} out of a balance of {pool}: this ledger overdraws")
    stolen, of_stolen = divmod(amount * payer["stolen"], pool)
    clean, of_clean = divmod(amount * payer["clean"], pool)
    if stolen + clean < amount:
        if of_stolen > of_clean or (of_stolen == of_clean and payer["stolen_first"]):
            stolen += 1
        else:
            clean += 1
    return stolen, clean


def ours(path, transfers, seed, runs):
    """The least time of an exact haircut of half of all money, in seconds, and its totals."""
    answers = [program(path, "bulk-run", transfers, seed, "haircut", "dense") for _ in range(runs)]
    totals = {(a["tainted_holders"], a["stolen"], a["placed"]) for a in answers}
    if len(totals) != 1:
        sys.exit(f"side_by_side: runs of the program differ: {sorted(totals)}")
    return min(a["milliseconds"] for a in answers) / 1000, answers[0]


def check(answer, totals, ledger):
    """Holds the program's totals against those of the haircut in networkx, and both against the seed."""
    said = {"tainted_holders": answer["tainted_holders"], "placed": int(answer["placed"])}
    stolen = ledger.amounts[ledger.seed_row]
    if said != totals or int(answer["stolen"]) != stolen or totals["placed"] != stolen:
        print(f"side_by_side: totals differ: stolen {stolen}, networkx {totals}, program {answer}", file=sys.stderr)
        sys.exit(4)
    print(f"Totals agree to the unit at {len(ledger):,} transfers: {stolen:,} placed, {totals['tainted_holders']:,} holders.")


def table(transfers, best, rows):
    print(f"\n{transfers:,} transfers{'':<23} seconds  ns/transfer  times our haircut")
    for name, seconds in rows:
        print(f"  {name:<38} {seconds:>8.3f} {seconds / transfers * 1e9:>12,.0f} {seconds / best:>18,.2f}")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    versions = f"Python {platform.python_version()}, igraph {igraph.__version__}, networkx {networkx.__version__}"
    print(f"{model}, {os.cpu_count()} cores, {versions}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=BUILT, help="FlowTracer.Benchmarks.dll, built in Release")
    parser.add_argument("--igraph", type=int, default=10_000_000, metavar="N", help="transfers against igraph; 0 leaves it out")
    parser.add_argument("--networkx", type=int, default=1_000_000, metavar="N",
                        help="transfers against networkx, which needs about 0.7 GB for each million; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=1, help="of the generated ledger")
    parser.add_argument("--runs", type=int, default=3,
                        help="of everything but building graphs and the haircut in networkx; the least counts")
    return parser.parse_args()


def load():
    print(f"load average {', '.join(f'{value:.1f}' for value in os.getloadavg())}")


def main():
    asked = arguments()
    machine()
    load()
    if asked.networkx:
        ledger = ledger_of(asked.program, asked.networkx, asked.seed)
        own, answer = ours(asked.program, asked.networkx, asked.seed, asked.runs)
        build, descendants, haircut_seconds, totals = time_networkx(ledger, asked.runs)
        check(answer, totals, ledger)
        table(len(ledger), own, [
            ("FlowTracer: exact haircut", own),
            ("networkx: build", build), ("networkx: descendants", descendants), ("networkx: haircut", haircut_seconds),
        ])
        print(f"  most memory so far: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")
        del ledger
    if asked.igraph:
        ledger = ledger_of(asked.program, asked.igraph, asked.seed)
        own, _ = ours(asked.program, asked.igraph, asked.seed, asked.runs)
        build, bfs, subcomponent, reached = time_igraph(ledger, asked.runs)
        table(len(ledger), own, [
            ("FlowTracer: exact haircut", own),
            ("igraph: build", build), ("igraph: bfs", bfs), ("igraph: subcomponent", subcomponent),
        ])
        print(f"  {reached:,} vertices reached, of {ledger.holders + 2:,}")
    load()


if __name__ == "__main__":
    main()
