"""Fixtures that every test of the backend may ask for."""

import sys
from pathlib import Path

# Tests are no package (--import-mode=importlib), so what they share is found by its folder.
sys.path.insert(0, str(Path(__file__).parent))

from postgres import database_url, new_postgres, postgres_server

__all__ = ["database_url", "new_postgres", "postgres_server"]
