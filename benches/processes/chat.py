#!/usr/bin/env python3
"""`POST /v1/chat/send` under load, beside a Python peer and the floor.

    cargo build --release -p jely
    cargo build --release -p benches --example echo
    python3 benches/processes/chat.py

Needs `wrk` (Debian's package). One bot of some 9,000 chunks; questions of three to seven words of its
text, each another one; 8 connections. Printed: processor time of the server for a request, requests a
second, quantiles; the same for the peer (FastAPI on uvicorn with tantivy-py, plain retrieval of the
best five chunks, nothing stored) and for an axum handler that echoes JSON. Then quantiles while a PDF
of 500 pages is trained, and what the server takes idle, with 1,000 connections, and to start with
10,000 bots.
"""

import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from measure import ROOT, Corpus, Scratch, arguments, machine, median
from peers import python_of_peers

CHUNKS = 9_000
WORDS_PER_CHUNK = 150
CHUNKS_PER_DOCUMENT = 100
CONNECTIONS = 8
SECONDS = 6
QUESTIONS = 5_000
BOTS = 10_000
PAGES = 500

SETTINGS = """log = "warn"
[plans.pro]
requests = 100000000
messages_per_month = 1000000000
documents_per_bot = 100000
"""

WRK = """
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local at = 0
function init(args) at = math.random(#bodies) end
function request()
  at = at %% #bodies + 1
  return wrk.format("POST", "/v1/chat/send",
    {["Content-Type"] = "application/json", ["Authorization"] = "Bearer %s"}, bodies[at])
end
"""


def peer(texts, port):
    """Runs inside the peer's own Python: serves the best chunks."""
    import fastapi
    import tantivy
    import uvicorn

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", stored=True, tokenizer_name="en_stem")
    index = tantivy.Index(schema.build())
    writer = index.writer(64 << 20, 1)
    for text in json.loads(Path(texts).read_text()):
        writer.add_document(tantivy.Document(text=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    app = fastapi.FastAPI()

    @app.post("/v1/chat/send")
    def send(body: dict):
        query = index.parse_query(re.sub(r"\W+", " ", body["message"]), ["text"])
        hits = searcher.search(query, 5).hits
        found = [
            {"score": score, "text": searcher.doc(address)["text"][0]} for score, address in hits
        ]
        return {"success": True, "response": found[0]["text"] if found else "", "sources": found}

    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)


class Server:
    """A process that listens."""

    def __init__(self, command, address=None, **how):
        begin = time.perf_counter()
        self.child = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **how
        )
        self.told = self.child.stdout.readline().decode() if address is None else ""
        self.ready = time.perf_counter() - begin
        self.address = address or self.told.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()

    def cpu(self):
        """Seconds of processor time so far, without its children."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self):
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def wait(self):
        host, port = self.address.split(":")
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    return self
            time.sleep(0.05)
        sys.exit("a server does not start")


def jely(options, data, settings):
    server = Server(
        [options.jely, "--data", data, "--json", "serve", "--listen", "127.0.0.1:0", "--config", settings]
    )
    told = json.loads(server.told)["server"]
    server.address = told["listening"].removeprefix("http://")
    server.key = told["key"]
    return server


def call(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(server.address, timeout=120)
    headers = {"Authorization": f"Bearer {server.key}", **(headers or {})}
    if isinstance(body, dict):
        body, headers["Content-Type"] = json.dumps(body), "application/json"
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    text = reply.read()
    if reply.status >= 300:
        sys.exit(f"{method} {path}: {reply.status} {text[:300]}")
    return json.loads(text)


def upload(server, bot, name, content, wait):
    head = f'--x\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Prefer": f"wait={wait}"}
    return call(server, "POST", f"/v1/bots/{bot}/train", body, headers)


def load(server, script, seconds=SECONDS):
    """Requests a second, processor time for each in µs, and quantiles in ms."""
    before, served = server.cpu(), 0
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script]
    told = subprocess.run(
        [*command, f"http://{server.address}"], capture_output=True, text=True, check=True
    ).stdout
    used = server.cpu() - before
    served = int(re.search(r"(\d+) requests in", told)[1])
    if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", told):
        print(f"  refused: {refused[1]} of {served}")
    units = {"us": 0.001, "ms": 1, "s": 1000}
    quantile = lambda share: (
        lambda found: float(found[1]) * units[found[2]]
    )(re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", told))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])
    return rate, 1e6 * used / served, quantile(50), quantile(99)


def show(name, runs):
    rate, cpu, p50, p99 = (median(values) for values in zip(*runs))
    print(f"  {name}: {rate:.0f} requests/s, {cpu:.0f} µs CPU each, p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    return rate, cpu, p50, p99


def pdf(pages, corpus):
    """A PDF of so many pages of text."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
    objects.append("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    kids = []
    for _ in range(pages):
        lines = " ".join(f"({corpus.prose(12)}) Tj T*" for _ in range(45))
        content = f"BT /F 11 Tf 14 TL 50 780 Td {lines} ET"
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {len(objects)} 0 R"
            "/Resources<</Font<</F 3 0 R>>>>>>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Count {pages}/Kids[{' '.join(kids)}]>>"
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    out += f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    return out.encode("latin-1")


def small_figures(options, scratch, settings):
    print(f"  binary: {options.jely.stat().st_size / (1 << 20):.1f} MiB")
    data = scratch.data()
    with jely(options, data, settings) as server:
        account = "SELECT account_id FROM api_keys"
        time.sleep(1)
        print(f"  idle: {server.resident_mib():.1f} MiB")
        host, port = server.address.split(":")
        sockets = [socket.create_connection((host, int(port))) for _ in range(1000)]
        for one in sockets:
            one.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        for one in sockets:
            one.recv(1000)
        print(f"  1,000 open connections: {server.resident_mib():.1f} MiB")
    with sqlite3.connect(data / "jely.db") as database:
        (account,) = database.execute(account).fetchone()
        row = "INSERT INTO bots VALUES (?, ?, 'Bot', NULL, '{}', 0, 1800000, 1, 1)"
        database.executemany(row, ((f"bot_{at:032x}", account) for at in range(BOTS)))
    for at in range(BOTS):
        (data / "bots" / f"bot_{at:032x}" / "snapshots").mkdir(parents=True)
    starts = []
    for _ in range(5):
        with jely(options, data, settings) as server:
            starts.append(1000 * server.ready)
    print(f"  start to ready with {BOTS:,} bots: {median(starts):.0f} ms")


def main():
    if sys.argv[1:2] == ["--as-peer"]:
        return peer(*sys.argv[2:])
    parser = arguments(__doc__.splitlines()[0], rounds=3)
    parser.add_argument("--echo", type=Path, default=ROOT / "target/release/examples/echo")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed")
    python = python_of_peers()
    print(machine())
    corpus = Corpus(5)
    chunks = [corpus.prose(WORDS_PER_CHUNK) for _ in range(CHUNKS)]
    with Scratch() as scratch:
        settings = scratch.path / "jely.toml"
        settings.write_text(SETTINGS)
        texts = scratch.path / "texts.json"
        texts.write_text(json.dumps(chunks))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        peer_command = [python, __file__, "--as-peer", texts, port]
        with (
            jely(options, scratch.data(), settings) as ours,
            Server(peer_command, f"127.0.0.1:{port}") as other,
            Server([options.echo]) as echo,
        ):
            other.wait()
            bot = call(ours, "POST", "/v1/bots", {"name": "Bench"})["bot"]["id"]
            for at in range(0, CHUNKS, CHUNKS_PER_DOCUMENT):
                parts = chunks[at : at + CHUNKS_PER_DOCUMENT]
                text = "\n\n".join(f"## Part {number}\n\n{part}" for number, part in enumerate(parts))
                upload(ours, bot, f"{at}.md", text.encode(), 0 if at + len(parts) < CHUNKS else 60)
            questions = scratch.path / "questions.txt"
            bodies = []
            for _ in range(QUESTIONS):
                words = corpus.random.choice(chunks).replace(".", "").split()
                at = corpus.random.randrange(len(words) - 7)
                message = " ".join(words[at : at + corpus.random.randint(3, 7)]) + "?"
                bodies.append(json.dumps({"botId": bot, "message": message}))
            questions.write_text("\n".join(bodies) + "\n")
            script = scratch.path / "load.lua"
            script.write_text(WRK % (questions, ours.key))
            load(ours, script, 3)
            runs = {"jely": [], "peer": [], "echo": []}
            for _ in range(options.rounds):
                runs["jely"].append(load(ours, script))
                runs["peer"].append(load(other, script))
                runs["echo"].append(load(echo, script))
            rate, cpu, p50, p99 = show("jely serve", runs["jely"])
            _, peer_cpu, *_ = show("FastAPI + tantivy-py", runs["peer"])
            echo_rate, *_ = show("echo", runs["echo"])
            print(f"  ratio  CPU a request : peer = {cpu / peer_cpu:.2f}")
            print(f"  ratio  requests/s : echo = {rate / echo_rate:.3f}")
            print(f"  ratio  p99 : p50 = {p99 / p50:.1f}")
            train = [load(ours, script)]
            upload(ours, bot, "large.pdf", pdf(PAGES, corpus), 0)
            train.append(load(ours, script))
            print(f"  ratio  p99 while {PAGES} pages train : idle = {train[1][3] / train[0][3]:.2f}")
            print(f"  after the load: {ours.resident_mib():.1f} MiB")
        small_figures(options, scratch, settings)


if __name__ == "__main__":
    main()
