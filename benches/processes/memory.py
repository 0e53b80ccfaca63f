#!/usr/bin/env python3
"""Peak memory of training and reindexing, by the size of the corpus.

    cargo build --release -p jely
    python3 benches/processes/memory.py [--documents 1000 5000 20000] [--sections 1]

Corpus: generated Markdown, one bot. Printed for each size: the most memory `jely train`, `jely train`
again and `jely reindex --force` held, of that in brackets what is no mapped file, beside the bytes of
the manifest, which all of them hold as a whole.
"""

from measure import Corpus, Scratch, arguments, machine, run, train


def shown(one):
    return f"{one.peak_mib:.0f} ({one.own_mib:.0f})"


def main():
    parser = arguments(__doc__.splitlines()[0], rounds=1)
    parser.add_argument("--documents", type=int, nargs="*", default=[1000, 5000, 20000])
    parser.add_argument("--sections", type=int, default=1)
    options = parser.parse_args()
    print(machine())
    for count in options.documents:
        corpus = Corpus(1)
        with Scratch() as scratch:
            for number in range(count):
                text = corpus.markdown(number, options.sections)
                (scratch.files / f"{number:06}.md").write_text(text)
            data = scratch.data()
            first = train(options.jely, data, [scratch.files], watched=True)
            again = train(options.jely, data, [scratch.files], watched=True)
            anew = run([options.jely, "--data", data, "reindex", "--force", "--json"], watched=True)
            manifests = data.rglob("manifest.json")
            manifest = max(path.stat().st_size for path in manifests) / 2**20
            print(
                f"{count} documents, {first.report()['chunks']} chunks: train {shown(first)}"
                f" MiB, again {shown(again)}, reindex --force {shown(anew)};"
                f" manifest {manifest:.1f} MiB; train {first.wall:.1f} s, reindex {anew.wall:.1f} s"
            )


if __name__ == "__main__":
    main()
