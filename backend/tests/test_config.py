from pathlib import Path

import pytest

from storyteller.config import Settings, load_settings
from storyteller.errors import ConfigError

ENV = Path(__file__).parents[2] / ".env"
# Read by Docker Compose alone.
COMPOSE_ONLY = {"COMPOSE_PROFILES", "HTTP_PORT"}


def _env_lines() -> dict[str, str]:
    lines = [line for line in ENV.read_text(encoding="utf-8").splitlines() if line.strip()]
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def test_env_lists_every_setting_and_nothing_else():
    """Catches a setting added to the code but never told to the person who runs it."""
    listed = set(_env_lines()) - COMPOSE_ONLY

    assert listed == {name.upper() for name in Settings.model_fields}


def test_env_holds_the_defaults():
    from_env = Settings(_env_file=ENV)
    from_code = Settings(_env_file=None)

    assert from_env == from_code


def test_env_has_no_secrets():
    names = " ".join(_env_lines())

    assert not any(word in names for word in ("PASSWORD", "SECRET", "TOKEN", "KEY"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("llm", "gpt"),
        ("top_k", "много"),
        ("port", "0"),
        ("num_ctx", "100"),
        ("chroma_url", "chromadb:8000"),
        ("redis_url", "http://redis"),
        ("rate_limit", "быстро"),
        ("chunk_overlap", "900"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_the_setting(name, value, monkeypatch):
    monkeypatch.setenv(name.upper(), value)

    with pytest.raises(ConfigError, match=name.upper()):
        load_settings()


def test_a_wrong_address_is_not_repeated_for_it_may_hold_a_password(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis//:hunter2@host")

    with pytest.raises(ConfigError, match="REDIS_URL") as told:
        load_settings()

    assert "hunter2" not in str(told.value)
    assert told.value.__cause__ is None


def test_relative_paths_count_from_the_folder_of_the_settings(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("DATA_DIR=stories\n")
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    monkeypatch.delenv("DATA_DIR", raising=False)

    assert load_settings().data_dir == tmp_path / "stories"


def test_an_empty_url_means_in_this_process(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "")
    monkeypatch.setenv("CHROMA_URL", "")

    settings = load_settings()

    assert settings.redis_url is None
    assert settings.chroma_url is None
