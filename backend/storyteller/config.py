"""All settings, in one place, each with a default that works on a laptop.

A service is switched on by giving its URL; left empty, it runs in this process.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, HttpUrl, RedisDsn, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from storyteller.errors import ConfigError


def _split(value: object) -> object:
    return tuple(filter(None, value.replace(",", " ").split())) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


def project_root() -> Path:
    """Return the folder that holds `.env`, looking upwards from here; without one, this folder."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".env").is_file()), here)


class Settings(BaseSettings):
    """What `.env` and the environment may say; `.env.local` wins over `.env`."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    # Where it listens and where it keeps things
    port: int = Field(default=8080, ge=1, le=65535)
    data_dir: Path = Path("data")
    public_hosts: Words = ("localhost", "127.0.0.1", "[::1]")
    trusted_proxies: Words = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # Services; empty means "in this process"
    database_url: str | None = None
    redis_url: RedisDsn | None = None
    chroma_url: HttpUrl | None = None

    # Language model
    llm: Literal["auto", "ollama", "llamacpp", "offline"] = "auto"
    ollama_url: HttpUrl = HttpUrl("http://127.0.0.1:11434")
    ollama_model: str = Field(default="mistral:7b-instruct-q4_K_M", min_length=1)
    num_ctx: int = Field(default=8192, ge=2048, le=131_072)
    gguf_path: Path | None = None

    # Search
    embedder: Literal["auto", "e5", "sentence-transformers", "offline"] = "auto"
    embedding_model: str = Field(default="intfloat/multilingual-e5-base", min_length=1)
    top_k: int = Field(default=5, ge=0, le=20)
    chunk_size: int = Field(default=1000, ge=200, le=4000)
    chunk_overlap: int = Field(default=200, ge=0, le=1000)

    # Crawl
    site_url: HttpUrl = HttpUrl("https://sefan.ru")
    user_agents: str = (
        "StoryStudio/0.1 (private archive of one reader; contact: story-studio@example.org)"
    )
    download_delay: float = Field(default=2.0, ge=0, le=600)
    max_stories: int = Field(default=0, ge=0)

    # Limits
    queue_limit: int = Field(default=8, ge=0, le=100)
    rate_limit: str = Field(default="300/minute", pattern=r"^\d+/(second|minute|hour)$")
    upload_limit_mb: int = Field(default=20, ge=1, le=1000)

    # Which page build to serve in embedded mode
    frontend_dir: Path = Path("frontend/dist")

    @field_validator("chunk_overlap")
    @classmethod
    def _overlap_below_size(cls, overlap: int, info: object) -> int:
        size = getattr(info, "data", {}).get("chunk_size", 1000)
        if overlap * 2 > size:
            msg = f"must be at most half of CHUNK_SIZE ({size})"
            raise ValueError(msg)
        return overlap


def load_settings(root: Path | None = None) -> Settings:
    """Read the settings; raise `ConfigError` with a sentence that names the wrong one.

    Relative paths count from the folder of `.env`, so that a command means the same data from
    wherever it is given.
    """
    root = root or project_root()
    try:
        settings = Settings(_env_file=(root / ".env", root / ".env.local"))
    except ValidationError as error:
        problems = "; ".join(_problem(e) for e in error.errors(include_url=False))
        # Without the cause: pydantic quotes the value, and an address may hold a password.
        raise ConfigError(f"Неверная настройка. {problems}") from None
    paths = {"data_dir": root / settings.data_dir, "frontend_dir": root / settings.frontend_dir}
    return settings.model_copy(update=paths)


def _problem(error: ErrorDetails) -> str:
    name = ".".join(map(str, error["loc"])).upper()
    told = "" if name.endswith("_URL") else f" (сейчас: {error['input']!r})"
    return f"{name}: {error['msg']}{told}"
