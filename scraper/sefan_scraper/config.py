"""What `.env` and the environment say about a crawl, each setting checked before it starts."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

START_PATH = "/stories/ru/2/"
HONEST_AGENT = "StoryStudio/0.1 (private archive of one reader; contact: story-studio@example.org)"


class BadSetting(Exception):
    """A setting that cannot be used; the message is a Russian sentence that names it."""


def project_root(start: Path | None = None) -> Path:
    """Return the folder that holds `.env`, looking upwards: Scrapy runs from scraper/, `.env` lies above."""
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".env").is_file()), here)


def _site(value: str) -> str:
    try:
        url = urlsplit(value.strip())
        port = url.port
    except ValueError as error:
        raise ValueError("это не адрес сайта") from error
    if url.scheme not in {"http", "https"} or not url.hostname or port == 0:
        raise ValueError("нужен адрес сайта вида https://sefan.ru")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("в адресе сайта не должно быть имени, пароля, ? и #")
    start = START_PATH if url.path in {"", "/"} else f"{url.path.rstrip('/')}/"
    return f"{url.scheme}://{url.netloc}{start}"


def _agents(value: str) -> tuple[str, ...]:
    agents = tuple(filter(None, (agent.strip() for agent in re.split(r"[|\n]", value))))
    if not agents:
        raise ValueError("нужна хотя бы одна строка User-Agent")
    if not all(agent.isascii() and agent.isprintable() for agent in agents):
        raise ValueError("в User-Agent допустимы только печатные латинские символы")
    return agents


class CrawlSettings(BaseSettings):
    """The settings a crawl shares with the rest of the studio; `.env.local` wins over `.env`."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    # The page to start from, a slash at its end.
    site_url: Annotated[str, AfterValidator(_site)] = f"https://sefan.ru{START_PATH}"
    user_agents: Annotated[str, NoDecode] = HONEST_AGENT
    # Seconds between two requests.
    download_delay: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 2.0
    # Stories of one crawl at most; 0 is all.
    max_stories: Annotated[int, Field(ge=0)] = 0
    data_dir: Path = Path("data")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def agents(self) -> tuple[str, ...]:
        """Who we say we are, a different one for each request when there are several."""
        return _agents(self.user_agents)


def read_settings(root: Path | None = None) -> CrawlSettings:
    """Read the settings; raise `BadSetting` with a sentence that names each wrong one.

    A relative DATA_DIR counts from the folder of `.env`, so that a crawl started in scraper/ ends
    where the rest of the studio looks.
    """
    root = root or project_root()
    try:
        settings = CrawlSettings(_env_file=(root / ".env", root / ".env.local"))
    except ValidationError as error:
        raise BadSetting(_sentence(error)) from None
    try:
        _agents(settings.user_agents)
    except ValueError as error:
        raise BadSetting(f"Неверная настройка USER_AGENTS: {error}.") from None
    return settings.model_copy(update={"data_dir": root / settings.data_dir})


_PROBLEMS = {
    "float_parsing": "нужно число",
    "int_parsing": "нужно целое число",
    "int_from_float": "нужно целое число",
    "finite_number": "нужно конечное число",
    "greater_than_equal": "нужно число не меньше {ge}",
    "less_than_equal": "нужно число не больше {le}",
    "literal_error": "нужно одно из: {expected}",
    "value_error": "{error}",
}


def _sentence(error: ValidationError) -> str:
    problems = []
    for fault in error.errors(include_url=False):
        text = _PROBLEMS.get(fault["type"], fault["msg"]).format(**fault.get("ctx", {}))
        problems.append(f"{str(fault['loc'][0]).upper()}: {text} (сейчас: {fault['input']!r})")
    return f"Неверная настройка {'; '.join(problems)}."
