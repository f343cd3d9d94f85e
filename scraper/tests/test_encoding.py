import pytest

from sefan_scraper.encoding import Undecodable, decode

PROSE = "Она вышла на крыльцо и посмотрела на дождь. Осень пришла незаметно, сказал он. " * 30


@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "koi8-r", "cp866", "utf-16"])
def test_prose_is_read_in_any_charset_that_nobody_declares(charset: str):
    assert decode(PROSE.encode(charset), "text/html") == PROSE


@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "koi8-r"])
@pytest.mark.parametrize(
    "declared", ["utf-8", "windows-1251", "koi8-r", "iso-8859-1", "nonsense", ""]
)
def test_a_wrong_declaration_is_not_believed(charset: str, declared: str):
    assert decode(PROSE.encode(charset), f"text/html; charset={declared}") == PROSE


def test_a_meta_tag_declares_too():
    page = f'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>{PROSE[:60]}'

    assert decode(page.encode("koi8-r"), None) == page


def test_a_right_declaration_is_believed_for_a_text_too_short_to_judge():
    assert decode("Да.".encode("koi8-r"), b"text/html; charset=koi8-r") == "Да."


def test_a_byte_order_mark_wins_and_goes():
    body = b"\xef\xbb\xbf" + PROSE.encode()

    assert decode(body, "text/html; charset=windows-1251") == PROSE


@pytest.mark.parametrize("declared", [None, "text/html; charset=utf-8"])
def test_a_scratch_is_replaced(declared: str | None):
    body = PROSE.encode()
    scratched = body[:100] + b"\xff" + body[100:]

    text = decode(scratched, declared)

    assert text.count("\ufffd") == 1
    assert text.replace("\ufffd", "") == PROSE


def test_a_page_with_more_broken_bytes_is_refused():
    body = b"".join(PROSE[n : n + 20].encode() + b"\xff\xfe" for n in range(0, len(PROSE), 20))

    with pytest.raises(Undecodable):
        decode(body, "text/html; charset=utf-8")


def test_latin_letters_are_no_reason_to_doubt():
    assert decode(b"<html>plain</html>", None) == "<html>plain</html>"


def test_valid_utf8_is_believed_in_any_language():
    stars = "<p>★ Été, naïve café ★</p>" * 50

    assert decode(stars.encode(), "text/html; charset=windows-1251") == stars
