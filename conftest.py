"""What holds for every test: asyncio is the event loop, and in CI a skip is not a pass."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent
_skipped: list[str] = []


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The optional folder of test data (`SHARED_DIR`); the test is skipped where it is absent."""
    folder = Path(os.environ.get("SHARED_DIR") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"needs the optional folder of test data {folder}")
    return folder


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(f"{report.nodeid}: {report.longreprtext}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A machine that tests for everybody must have every part; elsewhere a skip is fine."""
    if os.environ.get("CI") and _skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI") and _skipped:
        terminalreporter.section("skipped, which is no pass in CI", red=True)
        for line in _skipped:
            terminalreporter.line(line)
