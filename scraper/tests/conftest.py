"""What several tests of the scraper need."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The replica lives in the repository's own tests; pytest's importlib mode puts nothing on the path.
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(Path(__file__).resolve().parent))
