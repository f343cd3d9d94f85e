"""Start the replica: `python -m tests.replica --port 8999`, then crawl it with SITE_URL set to it."""

import argparse
import contextlib

from tests.replica.server import Moods, ReplicaServer
from tests.replica.site import build_site


def main() -> None:
    """Serve the replica until it is interrupted."""
    said = argparse.ArgumentParser(prog="python -m tests.replica", description=__doc__)
    said.add_argument("--host", default="127.0.0.1")
    said.add_argument("--port", type=int, default=8999)
    said.add_argument("--ruslit", type=int, default=60, help="works of the optional test data")
    said.add_argument("--crawl-delay", type=float, default=0, help="what robots.txt asks for, s")
    said.add_argument("--forbid-after", type=int, help="answer 403 after so many requests")
    asked = said.parse_args()
    site = build_site(ruslit=asked.ruslit, crawl_delay=asked.crawl_delay)
    moods = Moods(turn_after=asked.forbid_after)
    server = ReplicaServer(site, host=asked.host, port=asked.port, moods=moods)
    print(f"{len(site.allowed)} stories at {server.url}/stories/ru/2/, {len(site.pages)} pages")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
