"""Logs: one JSON line an event, errors also in a file on this machine, never a story's word.

An event is a name and facts about it (ids, codes, counts, seconds). A traceback is kept without
the local variables, because those are where prompts and stories would be.
"""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.types import EventDict, Processor, WrappedLogger

# A few hundred errors each; five files back are a year of a quiet machine.
ERROR_LOG_BYTES = 2 * 1024 * 1024
ERROR_LOG_FILES = 5


def error_log(data_dir: Path, process: str = "") -> Path:
    """Return where a process keeps its errors: two must not turn over one file."""
    return data_dir / "logs" / (f"errors-{process}.jsonl" if process else "errors.jsonl")


def set_up_logs(level: str, errors: Path | None = None) -> None:
    """Send every log of the process through one chain; errors also go to the file `errors`."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(
            ExceptionDictTransformer(show_locals=False, max_frames=30)
        ),
        _without_messages_of_exceptions,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if errors:
        errors.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(_error_file(errors))
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=handlers, force=True)
    _quiet_the_talkative()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=False,
    )


def _error_file(path: Path) -> logging.Handler:
    handler = RotatingFileHandler(
        path, maxBytes=ERROR_LOG_BYTES, backupCount=ERROR_LOG_FILES, encoding="utf-8"
    )
    handler.setLevel(logging.ERROR)
    return handler


def _quiet_the_talkative() -> None:
    # uvicorn's own access lines repeat ours and would carry the query, which is a reader's words.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("httpx", "httpcore", "chromadb", "alembic", "dramatiq", "urllib3", "pymorphy3"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_messages_of_exceptions(
    _logger: WrappedLogger, _method: str, event: EventDict
) -> EventDict:
    """Keep the types and places of exceptions, not their messages: those may quote a text."""
    for exception in _exceptions(event.get("exception")):
        exception.pop("exc_value", None)
        exception.pop("exc_notes", None)
    return event


def _exceptions(found: object) -> list[dict[str, Any]]:
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
