"""What the scripts of this folder share: a seeded corpus, and processes measured from outside.

A process is measured as a whole, with all it started: processor time and peak memory are what the
kernel tells when it ends (`wait4`).
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Words of a made-up language, as the benches in Rust have them.
SYLLABLES = "ka ro mi ter nal so ven di lu pra est ong fi bel".split()
VOCABULARY = 20_000


@dataclass
class Run:
    """One process from start to end."""

    wall: float
    """Seconds on the clock."""
    user: float
    """Seconds of processor time outside the kernel, with all it waited for."""
    system: float
    """Seconds of processor time in the kernel."""
    peak_mib: float
    """Most memory that it, or any process it started, held at once, in MiB."""
    own_mib: float
    """Most of its memory that was no mapped file, by a look every few milliseconds; 0 if not asked."""
    code: int
    output: str

    @property
    def cpu(self):
        return self.user + self.system

    def lines(self):
        return [json.loads(line) for line in self.output.splitlines()]

    def report(self):
        """The last line of a `--json` run of jely."""
        return self.lines()[-1]["report"]


def watch(pid, looks):
    """Notes the memory of a process that is no mapped file until it ends, in MiB."""
    while True:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        own = [line.split()[1] for line in status.splitlines() if line.startswith("RssAnon:")]
        if not own:  # It has ended and waits to be waited for.
            return
        looks.append(int(own[0]) / 1024)
        time.sleep(0.005)


def run(command, cores=None, codes=(0,), watched=False):
    """Runs a command to its end, on `cores` if given; what it prints is kept."""
    with tempfile.TemporaryFile() as output:
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
        begin = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.DEVNULL,
            preexec_fn=pin,
        )
        looks = [0.0]
        if watched:
            watch(child.pid, looks)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    if child.returncode not in codes:
        sys.exit(f"{command[:4]} ended with {child.returncode}")
    peak = usage.ru_maxrss / 1024
    return Run(wall, usage.ru_utime, usage.ru_stime, peak, max(looks), child.returncode, text)


def arguments(description, rounds):
    """The options that every script has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--jely", type=Path, default=ROOT / "target/release/jely")
    parser.add_argument("--rounds", type=int, default=rounds)
    return parser


def train(jely, data, paths, *options, **how):
    """`jely train` of one bot; files that cannot be read are no error here."""
    command = [jely, "--data", data, "train", "bench", *paths, "--json", *options]
    return run(command, codes=(0, 3), **how)


def median(values):
    return statistics.median(values)


def machine():
    """The machine in a line."""
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({names[0] if names else 'unknown'}), load {load:.1f}"


class Corpus:
    """Text like that of the benches in Rust: the same seed gives the same words."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.words = [
            "".join(self.random.choices(SYLLABLES, k=self.random.randint(2, 4)))
            for _ in range(VOCABULARY)
        ]

    def prose(self, words):
        # A uniform exponent gives each order of magnitude of ranks the same share.
        chosen = [self.words[int(VOCABULARY ** self.random.random()) - 1] for _ in range(words)]
        return " ".join(
            word + "." if at % 12 == 11 or at + 1 == words else word
            for at, word in enumerate(chosen)
        )

    def markdown(self, number, sections):
        parts = [f"# Document {number}"]
        for section in range(sections):
            parts += [
                f"## Section {section}",
                self.prose(self.random.randint(60, 240)),
                f"- {self.prose(9)}\n- *{self.prose(7)}*",
                f"| Key | Value |\n|---|---|\n| {self.prose(3)} | `{self.prose(2)}` |",
            ]
        return "\n\n".join(parts) + "\n"


def pdfs(folders):
    """All PDFs under some folders, by name."""
    return sorted(path for folder in folders for path in Path(folder).rglob("*.pdf"))


def write_corpus(folder, count, seed=1, pdf_share=0.5):
    """Writes `count` documents of different bytes: Markdown of one to six sections and, to a share
    of them, the PDFs of the fixtures, each time with another comment at the end."""
    corpus = Corpus(seed)
    whole = [
        path
        for path in pdfs([ROOT / "fixtures/pdf", ROOT / "fixtures/handbook"])
        if not any(word in path.name for word in ("empty", "encrypted", "unreadable", "damaged"))
    ]
    for number in range(count):
        if corpus.random.random() < pdf_share:
            path = whole[number % len(whole)]
            bytes_ = path.read_bytes() + f"\n% copy {number}\n".encode()
            (folder / f"{number:06}.pdf").write_bytes(bytes_)
        else:
            text = corpus.markdown(number, corpus.random.randint(1, 6))
            (folder / f"{number:06}.md").write_text(text)


class Scratch:
    """A folder for one measurement, gone after it."""

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="jely-bench-"))
        (self.path / "files").mkdir()
        return self

    def __exit__(self, *_):
        # A server that was killed may still close its files.
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def files(self):
        return self.path / "files"

    def data(self):
        """A data folder that is not there yet. Those before it stay: a file system may be slow to
        create files for some time after many were removed."""
        self.count = getattr(self, "count", 0) + 1
        return self.path / f"data{self.count}"
