import pickle

import pytest

from sefan_scraper.spiders.stories_spider import Reading


def test_a_story_half_read_cannot_be_written_down():
    reading = Reading()
    reading.add("https://sefan.ru/chitat_most_1.html", "Мост развели.")

    with pytest.raises(TypeError, match="not written down"):
        pickle.dumps(reading)


def test_a_story_not_begun_can_wait_in_a_file():
    assert pickle.loads(pickle.dumps(Reading())).pages == []


def test_a_page_met_before_by_address_or_by_text_is_a_loop():
    reading = Reading()

    assert reading.add("/a_1.html", "Раз.")
    assert reading.add("/a_1-2.html", "Два.")
    assert not reading.add("/a_1.html", "Три.")
    assert not reading.add("/a_1-4.html", "Два.")
    assert reading.pages == ["Раз.", "Два."]
