"""The processor: keeps the corpus equal to the raw folder (`python -m storyteller.processor`).

In compose it is a container of its own and serves its metrics; `--once` does what there is to do
and leaves. `make run` has the same worker in the one process of the application.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import structlog
from prometheus_client import start_http_server

from storyteller.config import Settings, load_settings
from storyteller.errors import StorytellerError
from storyteller.ingest.assembly import Ingest
from storyteller.ingest.pipeline import IngestStopped
from storyteller.ingest.starter import seed_starter
from storyteller.logs import error_log, set_up_logs
from storyteller.services.corpus import open_corpus

log = structlog.get_logger()

METRICS_PORT = 9100


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and the settings, run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="storyteller.processor", description=__doc__)
    parser.add_argument("--once", action="store_true", help="do what there is to do and leave")
    parser.add_argument("--metrics-port", type=int, default=METRICS_PORT, help="0 for none")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        set_up_logs(settings.log_level, error_log(settings.data_dir, "processor"))
        return run(settings, once=options.once, metrics_port=options.metrics_port)
    except StorytellerError as error:
        # A sentence for whoever started us; the traceback would say nothing more.
        sys.stderr.write(f"{error.message}\n")
        return 1


def run(settings: Settings, *, once: bool = False, metrics_port: int = METRICS_PORT) -> int:
    """Work until SIGTERM or SIGINT, or with `once` until there is nothing left to do.

    Raises what keeps it from starting: `ConfigError`, `IndexMismatch`, `ServiceUnavailable`.
    """
    with ExitStack() as stack:
        stop = stack.enter_context(_stop_sign())
        corpus = open_corpus(settings, stack, "work")
        ingest = corpus.ingest
        assert ingest is not None  # noqa: S101 - the role of a worker has one
        seed_starter(corpus.raw_dir, corpus.manifest)
        if once:
            return _drain(ingest, stop)
        if metrics_port:
            server, thread = start_http_server(metrics_port)
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        ingest.worker.start()
        log.info("processor.started", embedder=ingest.pipeline.versions.embedder)
        stop.wait()
        ingest.worker.stop()
    log.info("processor.stopped")
    return 0


def _drain(ingest: Ingest, stop: threading.Event) -> int:
    """Do what there is to do; a signal breaks it off, and the next start goes on from there."""
    done = threading.Event()

    def obey() -> None:
        stop.wait()
        if not done.is_set():
            ingest.worker.stop()

    watcher = threading.Thread(target=obey, daemon=True)
    watcher.start()
    try:
        counts = ingest.worker.drain()
    except IngestStopped:
        log.info("processor.stopped")
    else:
        log.info("processor.drained", **counts)
    finally:
        done.set()
        stop.set()
        watcher.join()
    return 0


@contextmanager
def _stop_sign() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    yield stop
    for number, handler in before.items():
        signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
