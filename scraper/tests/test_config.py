from pathlib import Path

import pytest

from sefan_scraper.config import BadSetting, project_root, read_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("SITE_URL", "USER_AGENTS", "DOWNLOAD_DELAY", "MAX_STORIES", "DATA_DIR", "LOG_LEVEL")
    for name in names:
        monkeypatch.delenv(name, raising=False)


def test_without_settings_a_crawl_is_polite_and_honest(tmp_path: Path):
    settings = read_settings(tmp_path)

    assert settings.site_url == "https://sefan.ru/stories/ru/2/"
    assert settings.download_delay >= 2
    assert len(settings.agents) == 1
    assert "contact" in settings.agents[0]
    assert settings.data_dir == tmp_path / "data"


def test_the_environment_wins_over_local_over_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".env").write_text("MAX_STORIES=1\nDOWNLOAD_DELAY=4\nSITE_URL=http://one.example\n")
    (tmp_path / ".env.local").write_text(
        "MAX_STORIES=2\nDOWNLOAD_DELAY=\nSITE_URL=http://two.example\n"
    )
    monkeypatch.setenv("MAX_STORIES", "3")

    settings = read_settings(tmp_path)

    assert settings.max_stories == 3
    assert settings.site_url == "http://two.example/stories/ru/2/"
    assert settings.download_delay == 4


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("https://sefan.ru/", "https://sefan.ru/stories/ru/2/"),
        ("http://127.0.0.1:8999", "http://127.0.0.1:8999/stories/ru/2/"),
        ("http://[::1]:8999", "http://[::1]:8999/stories/ru/2/"),
        ("https://sefan.ru/stories/ru/3", "https://sefan.ru/stories/ru/3/"),
    ],
)
def test_a_site_is_crawled_from_its_page_of_stories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, start: str
):
    monkeypatch.setenv("SITE_URL", url)

    assert read_settings(tmp_path).site_url == start


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("SITE_URL", "nonsense", "нужен адрес сайта"),
        ("SITE_URL", "ftp://sefan.ru", "нужен адрес сайта"),
        ("SITE_URL", "file:///etc/passwd", "нужен адрес сайта"),
        ("SITE_URL", "http://sefan.ru@evil.example", "не должно быть имени"),
        ("SITE_URL", "http://sefan.ru:99999", "не адрес сайта"),
        ("SITE_URL", "http://[::1", "не адрес сайта"),
        ("DOWNLOAD_DELAY", "fast", "нужно число"),
        ("DOWNLOAD_DELAY", "nan", "нужно"),
        ("DOWNLOAD_DELAY", "-1", "не меньше 0"),
        ("MAX_STORIES", "many", "нужно целое число"),
        ("MAX_STORIES", "-1", "не меньше 0"),
        ("LOG_LEVEL", "loud", "нужно одно из"),
        ("USER_AGENTS", " | ", "хотя бы одна"),
        ("USER_AGENTS", "Бот", "латинские"),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, sentence: str
):
    monkeypatch.setenv(setting, value)

    with pytest.raises(BadSetting, match=sentence) as problem:
        read_settings(tmp_path)

    assert setting in str(problem.value)


def test_agents_are_parted_by_bars_or_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("USER_AGENTS", "One/1 (a, b; c)|Two/2\nThree/3\n")

    assert read_settings(tmp_path).agents == ("One/1 (a, b; c)", "Two/2", "Three/3")


def test_the_folder_of_env_is_found_from_below(tmp_path: Path):
    (tmp_path / ".env").touch()
    below = tmp_path / "scraper" / "tests"
    below.mkdir(parents=True)

    assert project_root(below) == tmp_path
