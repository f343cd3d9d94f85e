"""Fetching weights from a hub on loopback that breaks off, lies, moves on and goes away."""

import hashlib
import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from storyteller.embedding import hub, weights
from storyteller.embedding.e5 import E5Embedder
from storyteller.embedding.weights import Progress, fetch_weights
from storyteller.errors import ModelUnavailable

MODEL = "someone/tiny-e5"


class FakeHub:
    """Serves one model as the hub does: its facts, and its files with ranges."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.commit = "c" * 40
        self.asked: list[str] = []
        # After how many bytes it hangs up, and what it sends in place of the truth.
        self.hangs_up_after: int | None = None
        self.lies = False
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def facts(self) -> dict[str, object]:
        siblings = [
            {
                "rfilename": name,
                "size": len(body),
                "blobId": hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest(),
                **({"lfs": _lfs(body)} if name.endswith(".onnx") else {}),
            }
            for name, body in self.files.items()
        ]
        return {"id": MODEL, "modelId": MODEL, "sha": self.commit, "siblings": siblings}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _lfs(body: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 130}


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def do_GET(self) -> None:
        where = self.headers.get("Range", "")
        self.hub.asked.append(f"{self.path} {where}".strip())
        if self.path.startswith("/api/models/"):
            self._answer(200, json.dumps(self.hub.facts()).encode())
            return
        body = self.hub.files[self.path.split("/resolve/")[1].split("/", 1)[1]]
        if self.hub.lies:
            body = bytes(byte ^ 1 for byte in body)
        start = int(re.match(r"bytes=(\d+)-", where)[1])
        self._answer(206, body[start:], self.hub.hangs_up_after)

    def _answer(self, status: int, body: bytes, most: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:most])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def fake_hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(hub, "_BLOCK", 4096)  # the tiny model has some hundred thousand bytes
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    files = {"onnx/model.onnx": tiny_model / "onnx" / "model.onnx"}
    files["tokenizer.json"] = tiny_model / "tokenizer.json"
    server = FakeHub({name: path.read_bytes() for name, path in files.items()})
    yield server
    server.stop()


def test_what_is_fetched_is_small_recorded_and_works(fake_hub: FakeHub, tmp_path: Path):
    folder = fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)

    record = json.loads((folder / "weights.json").read_bytes())
    small = folder / "model.int8.onnx"
    assert {path.name for path in folder.iterdir()} == {
        "model.int8.onnx",
        "tokenizer.json",
        "weights.json",
    }
    assert (record["model"], record["revision"]) == (MODEL, fake_hub.commit)
    assert record["files"]["model.int8.onnx"] == {
        "size": small.stat().st_size,
        "sha256": hashlib.sha256(small.read_bytes()).hexdigest(),
    }
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    embedder = E5Embedder.load(MODEL, tmp_path, threads=1)
    assert embedder.name == f"e5:{MODEL}:int8:1"
    assert embedder.embed_query("море").shape == (32,)


def test_afterwards_the_network_is_not_needed(fake_hub: FakeHub, tmp_path: Path):
    fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)
    asked = len(fake_hub.asked)
    fake_hub.stop()

    fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)
    E5Embedder.load(MODEL, tmp_path, threads=1).embed_query("море")

    assert len(fake_hub.asked) == asked


def test_progress_grows_to_the_whole_and_ends(fake_hub: FakeHub, tmp_path: Path):
    heard: list[Progress] = []

    fetch_weights(MODEL, tmp_path, heard.append, endpoint=fake_hub.url)

    loaded = [progress.done for progress in heard if progress.stage == "download"]
    total = sum(map(len, fake_hub.files.values()))
    assert loaded == sorted(loaded)
    assert len(loaded) > 20
    assert heard[len(loaded) - 1] == Progress("download", total, total)
    assert heard[-2:] == [Progress("quantise", 0, 1), Progress("quantise", 1, 1)]


def test_a_broken_connection_is_taken_up_where_it_broke(fake_hub: FakeHub, tmp_path: Path):
    fake_hub.hangs_up_after = 100_000
    with pytest.raises(ModelUnavailable, match="продолжится с того же места") as refusal:
        fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)
    assert refusal.value.code == "hub_unreachable"
    fake_hub.hangs_up_after = None

    fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)

    ranges = [line.split()[1] for line in fake_hub.asked if "model.onnx" in line]
    assert ranges == ["bytes=0-", "bytes=100000-"]


def test_a_cancelled_fetch_goes_on_later(fake_hub: FakeHub, tmp_path: Path):
    heard: list[Progress] = []

    with pytest.raises(ModelUnavailable, match="остановлена") as refusal:
        fetch_weights(
            MODEL,
            tmp_path,
            heard.append,
            cancelled=lambda: len(heard) >= 3,
            endpoint=fake_hub.url,
        )
    assert refusal.value.code == "fetch_cancelled"
    fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)

    assert f"bytes={3 * 4096}-" in fake_hub.asked[-2]


def test_bytes_that_are_not_the_promised_ones_are_thrown_away(fake_hub: FakeHub, tmp_path: Path):
    fake_hub.lies = True
    with pytest.raises(ModelUnavailable, match="испорченным") as refusal:
        fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)
    assert refusal.value.code == "weights_corrupt"
    fake_hub.lies = False

    fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)


def test_a_small_file_is_checked_too(fake_hub: FakeHub, tmp_path: Path):
    partial = tmp_path / "someone--tiny-e5.partial"
    partial.mkdir()
    (partial / "tokenizer.json").write_bytes(bytes(len(fake_hub.files["tokenizer.json"])))

    with pytest.raises(ModelUnavailable) as refusal:
        fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)

    assert refusal.value.code == "weights_corrupt"


def test_a_fetch_taken_up_stays_with_its_commit(fake_hub: FakeHub, tmp_path: Path):
    fake_hub.hangs_up_after = 100_000
    with pytest.raises(ModelUnavailable):
        fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)
    fake_hub.hangs_up_after = None
    fake_hub.asked.clear()

    fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)

    assert f"/revision/{fake_hub.commit}" in fake_hub.asked[0]


def test_known_models_are_pinned_from_the_start():
    assert all(re.fullmatch("[0-9a-f]{40}", commit) for commit in weights.PINNED.values())
    assert "intfloat/multilingual-e5-base" in weights.PINNED


def test_without_network_search_stays_and_the_way_is_told(tmp_path: Path):
    with pytest.raises(ModelUnavailable, match=r"только по словам.*storyteller models fetch"):
        fetch_weights(MODEL, tmp_path, endpoint="http://127.0.0.1:1")


def test_a_model_without_onnx_is_told_apart(fake_hub: FakeHub, tmp_path: Path):
    del fake_hub.files["onnx/model.onnx"]

    with pytest.raises(ModelUnavailable, match=r"onnx/model\.onnx") as refusal:
        fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)

    assert refusal.value.code == "not_onnx"


def test_a_full_disk_is_noticed_before_the_download(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    with pytest.raises(ModelUnavailable, match="не хватает места"):
        fetch_weights(MODEL, tmp_path, endpoint=fake_hub.url)

    assert len(fake_hub.asked) == 1
