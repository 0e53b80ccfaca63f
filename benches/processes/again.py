#!/usr/bin/env python3
"""What training again on unchanged files costs, against the first time.

    cargo build --release -p jely
    python3 benches/processes/again.py [--documents 2000] [FOLDER...]

Corpora: generated Markdown and copies of the fixtures' PDFs; then the PDFs of each FOLDER. Printed:
processor time of the whole process, first and again, the latter by metadata as it is by default and
with `--rehash`, which reads every file.
"""

import shutil
from pathlib import Path

from measure import Scratch, arguments, machine, median, pdfs, run, train, write_corpus


def compare(name, scratch, options):
    first, again, rehashed, start = [], [], [], []
    for _ in range(options.rounds):
        data = scratch.data()
        first.append(train(options.jely, data, [scratch.files]))
        # The first look back stamps what was too young to be believed.
        train(options.jely, data, [scratch.files])
        again += [train(options.jely, data, [scratch.files]) for _ in range(5)]
        rehashed.append(train(options.jely, data, [scratch.files], "--rehash"))
        start.append(run([options.jely, "--version"]))
    report = again[-1].report()
    cpu = lambda runs: median([one.cpu for one in runs])
    print(f"{name}: {report['unchanged']} unchanged, {report['failed']} failed")
    print(
        f"  first {cpu(first):.2f} s, again {1e3 * cpu(again):.1f} ms, --rehash"
        f" {1e3 * cpu(rehashed):.1f} ms, a start of the program {1e3 * cpu(start):.1f} ms"
    )
    print(
        f"  ratio  again : first = {100 * cpu(again) / cpu(first):.2f} %,"
        f" --rehash {100 * cpu(rehashed) / cpu(first):.2f} %"
    )


def main():
    parser = arguments(__doc__.splitlines()[0], rounds=3)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    print(machine())
    with Scratch() as scratch:
        write_corpus(scratch.files, options.documents)
        compare("generated", scratch, options)
    for folder in options.folders:
        with Scratch() as scratch:
            for path in pdfs([folder]):
                shutil.copy(path, scratch.files / path.name)
            compare(folder.name, scratch, options)


if __name__ == "__main__":
    main()
