#!/usr/bin/env python3
"""The whole pipeline beside its fastest peer: kreuzberg for parsing, tantivy-py for indexing.

    cargo build --release -p jely
    python3 benches/processes/peers.py [FOLDER...]

Corpora: the PDFs of the fixtures, then those of each FOLDER; of all of them those in which both
sides find text. Printed: processor time of the peer by stage (its imports are not counted) and of
`jely train` as a whole (its start, its workers, syncing originals and publishing are counted), with
parsing in child processes and without; medians of some rounds that take turns.

The peer is installed from `peers.txt` into `target/peers` when it is not there yet. It parses in one
process, without OCR and without a cache, cuts the text into pieces of 200 words and adds them to an
index of one stemmed field with positions and the text stored, which it commits once.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from measure import ROOT, Scratch, arguments, machine, median, pdfs, run, train

WORDS_PER_CHUNK = 200
# What a document may take until it is left out of the comparison.
SECONDS_MAX = 20
STAGES = ("parse", "chunk", "index")


def peer(folder, index_folder):
    """Runs inside the peer's own Python: a folder to an index; prints the seconds of each stage
    and the files in which it found text."""
    import kreuzberg
    import tantivy

    config = kreuzberg.ExtractionConfig(
        use_cache=False, disable_ocr=True, extraction_timeout_secs=SECONDS_MAX
    )
    seconds = dict.fromkeys(STAGES, 0.0)
    clock = time.process_time
    texts = {}
    begin = clock()
    for path in pdfs([folder]):
        try:
            texts[path.name] = kreuzberg.extract_file_sync(str(path), config=config).content
        except Exception:  # Whatever it raises, it did not read this one.
            continue
    seconds["parse"] = clock() - begin

    begin = clock()
    chunks = []
    for name, text in texts.items():
        words = text.split()
        for at in range(0, len(words), WORDS_PER_CHUNK):
            chunks.append((name, " ".join(words[at : at + WORDS_PER_CHUNK])))
    seconds["chunk"] = clock() - begin

    begin = clock()
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("source", stored=True, tokenizer_name="raw")
    schema.add_text_field("text", stored=True, tokenizer_name="en_stem")
    Path(index_folder).mkdir()
    index = tantivy.Index(schema.build(), path=str(index_folder))
    writer = index.writer(64 << 20, 1)
    for name, text in chunks:
        writer.add_document(tantivy.Document(source=name, text=text))
    writer.commit()
    writer.wait_merging_threads()
    seconds["index"] = clock() - begin
    found = [name for name, text in texts.items() if text.strip()]
    print(json.dumps({"seconds": seconds, "found": found, "chunks": len(chunks)}))


def python_of_peers():
    """The Python that has the peers; installs them where they are missing."""
    folder = ROOT / "target/peers"
    python = folder / "bin/python"
    wanted = Path(__file__).with_name("peers.txt")
    mark = folder / "installed.txt"
    if not mark.is_file() or mark.read_text() != wanted.read_text():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", wanted], check=True)
        shutil.copy(wanted, mark)
    return python


def run_peer(python, scratch):
    index = scratch.path / "index"
    shutil.rmtree(index, ignore_errors=True)
    measured = run([python, __file__, "--as-peer", scratch.files, index])
    return measured, measured.lines()[-1]


def compare(name, files, options, python):
    with Scratch() as scratch:
        for path in files:
            shutil.copy(path, scratch.files / f"{path.parent.name}-{path.name}")
        _, told = run_peer(python, scratch)
        ours = train(options.jely, scratch.data(), [scratch.files]).lines()
        documents = [line["document"] for line in ours if "document" in line]
        read = {Path(d["source"]).name for d in documents if d["outcome"] == "added"}
        both = read & set(told["found"])
        for path in pdfs([scratch.files]):
            if path.name not in both:
                path.unlink()
        if not both:
            return print(f"{name}: no file that both read")
        rounds = []
        for _ in range(options.rounds):
            isolated = train(options.jely, scratch.data(), [scratch.files])
            direct = train(options.jely, scratch.data(), [scratch.files], "--no-isolation")
            whole, peer_told = run_peer(python, scratch)
            rounds.append((isolated, direct, whole, peer_told))
        show(name, len(both), rounds)


def show(name, count, rounds):
    of = lambda pick: median([pick(*one) for one in rounds])
    stages = {stage: of(lambda i, d, w, told: told["seconds"][stage]) for stage in STAGES}
    peer_cpu = of(lambda i, d, w, told: sum(told["seconds"].values()))
    peer_whole = of(lambda i, d, w, told: w.cpu)
    chunks = rounds[0][0].report()["chunks"], rounds[0][3]["chunks"]
    print(f"{name}: {count} files that both read; {chunks[0]} chunks, the peer {chunks[1]}")
    listed = ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in stages.items())
    print(f"  peer       {peer_cpu:.3f} s ({listed}); with start and imports {peer_whole:.3f} s")
    for label, at in (("jely train", 0), ("in process", 1)):
        cpu = of(lambda *one: one[at].cpu)
        user, system = of(lambda *one: one[at].user), of(lambda *one: one[at].system)
        wall = {
            stage: of(lambda *one: one[at].report()["seconds"][stage])
            for stage in ("parse", "index", "publish", "total")
        }
        ratio = of(lambda *one: one[at].cpu / sum(one[3]["seconds"].values()))
        per = 1000 * cpu / count
        clock = ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in wall.items())
        print(
            f"  {label} {cpu:.3f} s (user {user:.3f}, kernel {system:.3f}), {per:.2f} ms a file;"
            f" on the clock: {clock}"
        )
        print(f"  ratio  {label} : peer = {ratio:.2f}")


def main():
    if sys.argv[1:2] == ["--as-peer"]:
        return peer(*sys.argv[2:])
    parser = arguments(__doc__.splitlines()[0], rounds=5)
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args()
    python = python_of_peers()
    print(machine())
    compare("fixtures", pdfs([ROOT / "fixtures/pdf", ROOT / "fixtures/handbook"]), options, python)
    for folder in options.folders:
        compare(folder.name, pdfs([folder]), options, python)


if __name__ == "__main__":
    main()
