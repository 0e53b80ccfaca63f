#!/usr/bin/env python3
"""`jely train` on two cores against one: the whole pipeline, from files to a published snapshot.

    cargo build --release -p jely
    python3 benches/processes/cores.py [--documents 2000] [--pdfs 0.5] [FOLDER...]

Corpora: generated Markdown and copies of the fixtures' PDFs that differ by a comment; then the PDFs
of each FOLDER. Rounds of one and two jobs take turns. Printed: how many times faster two jobs are, by
the medians and by the best of each side (on a machine that does other things the best is closer to
the truth), and what two jobs cost in processor time against one. Where cores / wall of two jobs is
well below 2, they waited.
"""

import shutil
from pathlib import Path

from measure import Scratch, arguments, machine, median, pdfs, train, write_corpus


def compare(name, scratch, options, *flags):
    runs = {1: [], 2: []}
    for _ in range(options.rounds):
        for jobs in runs:
            # The index has threads of its own: only the core bounds them all.
            cores = [0] if jobs == 1 else None
            runs[jobs].append(
                train(
                    options.jely, scratch.data(), [scratch.files], "--jobs", jobs, *flags,
                    cores=cores,
                )
            )
    walls = {jobs: [one.wall for one in done] for jobs, done in runs.items()}
    cpus = {jobs: [one.cpu for one in done] for jobs, done in runs.items()}
    report = runs[2][-1].report()
    print(f"{name}: {report['added']} documents, {report['chunks']} chunks")
    for jobs in runs:
        best = min(runs[jobs], key=lambda one: one.wall)
        seconds = best.report()["seconds"]
        clock = ", ".join(f"{stage} {value:.2f}" for stage, value in seconds.items())
        print(
            f"  {jobs} job(s): wall {median(walls[jobs]):.2f} s, best {best.wall:.2f} s of which"
            f" {best.cpu / best.wall:.2f} cores at work (kernel {best.system:.2f} s); {clock}"
        )
    print(
        f"  ratio  one core : two = {median(walls[1]) / median(walls[2]):.2f}"
        f" (best {min(walls[1]) / min(walls[2]):.2f});"
        f" processor time two : one = {median(cpus[2]) / median(cpus[1]):.2f}"
    )


def main():
    parser = arguments(__doc__.splitlines()[0], rounds=4)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--pdfs", type=float, default=0.5, help="share of PDFs, 0 to 1")
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    print(machine())
    with Scratch() as scratch:
        write_corpus(scratch.files, options.documents, pdf_share=options.pdfs)
        compare("generated", scratch, options)
        compare("generated, in process", scratch, options, "--no-isolation")
    for folder in options.folders:
        with Scratch() as scratch:
            for path in pdfs([folder]):
                shutil.copy(path, scratch.files / path.name)
            compare(folder.name, scratch, options)


if __name__ == "__main__":
    main()
