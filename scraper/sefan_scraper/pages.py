"""What stands where on the site's pages: every selector and pattern of the crawl, and nothing else.

Pure functions from a response to a value. When the site changes, this is the file to correct; the
facts are in docs of the site's pages and in the saved pages beside the tests.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, NavigableString, Tag
from parsel import Selector
from scrapy.http import Response

from sefan_scraper.items import StoryFacts

_LINK = "a.hud::attr(href)"
_BUTTON = "a.but"
_TEXT = "div#rsz"
_AGE_FORM = "//form[.//input[@name='freed']]"
_HEADING = "h1"
_FACTS = "div.p"
_BREADCRUMB = re.compile(r"border-bottom")

_STORY_PATH = re.compile(r"/chitat_(?P<slug>[^/]+?)_1(?:-(?P<page>\d+))?\.html$")
_LIST_PATH = re.compile(r"/page-(?P<number>\d+)\.html$")
_OLDER = re.compile(r"^\s*Старые", re.IGNORECASE)
_FURTHER = re.compile(r"^\s*Далее", re.IGNORECASE)

# «Дождь – Драма в рассказах для взрослых»: what follows the last dash is the site's, not the author's.
_TITLE_TAIL = re.compile(r"^(?P<title>.*\S)\s+[–—-]\s+[^–—]*\bв рассказах\b.*$", re.DOTALL)
_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_DATE = re.compile(rf"\b(\d{{1,2}})\s+({'|'.join(_MONTHS)})\s+(\d{{4}})\b", re.IGNORECASE)
# A fact ends with its line, or where the next one begins.
_NEXT_FACT = r"(?=\s*(?:[|•·;]|\b(?:Автор|Рейтинг|Просмотров|Дата|Добавлено)\s*:|$))"
_AUTHOR = re.compile(rf"\bАвтор[ ]*:[ ]*([^\s|•·;].*?){_NEXT_FACT}", re.MULTILINE)
_RATING = re.compile(r"\bРейтинг\s*:\s*(\d{1,4}(?:[.,]\d{1,4})?)")
_VIEWS = re.compile(r"\bПросмотров\s*:\s*(\d{1,3}(?:[ ]\d{3})+|\d{1,12})\b")
# The plus that opens the tags stands apart; the one of «18+» does not.
_TAGS = re.compile(rf"(?:^|\s)\+[ ]*(\S.*?){_NEXT_FACT}", re.MULTILINE)
# The path is «Рассказы», then the category.
_PATH_LENGTH = 2


@dataclass(frozen=True, slots=True)
class Category:
    """A category as the start page links it."""

    slug: str
    name: str
    url: str


# --- lists -------------------------------------------------------------------------------------


def categories(response: Response) -> list[Category]:
    """Return the categories linked from the start page: its direct children in the path."""
    child = re.compile(rf"{re.escape(urlsplit(response.url).path)}(?P<slug>[\w-]+)/$")
    found: dict[str, Category] = {}
    for link in response.css("a.hud[href]"):
        url = _join(response, link.attrib["href"])
        if url and (path := child.fullmatch(urlsplit(url).path)):
            name = _one_line(link.xpath("string()").get(""))
            found.setdefault(path["slug"], Category(path["slug"], name, url))
    return list(found.values())


def story_links(response: Response) -> list[str]:
    """Return the first pages of the stories a list page names, once each, in its order."""
    urls = (_join(response, href) for href in response.css(_LINK).getall())
    stories = (url for url in urls if url and _page_number(url) == 1)
    return list(dict.fromkeys(stories))


def older_list(response: Response) -> str | None:
    """Return the next page of a list. They count down: the newest has the highest number or none.

    A link that does not lead downwards is not followed, so that a list always ends.
    """
    here = _list_number(response.url)
    buttons = response.css(_BUTTON)
    named = [b for b in buttons if b.attrib.get("rel") == "prev" or _says(_OLDER, b)]
    below = [
        (number, url)
        for button in (named or buttons)
        if (url := _join(response, button.attrib.get("href", "")))
        and (number := _list_number(url)) is not None
        and urlsplit(url).path.rpartition("/")[0] == urlsplit(response.url).path.rpartition("/")[0]
        and (here is None or number < here)
    ]
    return max(below)[1] if below else None


# --- a story -----------------------------------------------------------------------------------


def page_text(response: Response) -> str | None:
    """Return the text of one page of a story, a line a line, or None where there is none.

    Line breaks at the end of the page are kept: they tell how it joins the next one.
    """
    block = _soup(response).select_one(_TEXT)
    if block is None:
        return None
    text = _text_of(block)
    return text.lstrip("\n") if text.strip() else None


def join_pages(pages: Sequence[str]) -> str:
    """Join the pages of a story as its author had them before the site cut it.

    A page that ends in line breaks says itself how; one cut in mid-sentence goes on in its line;
    between others stands what stands between the paragraphs of the story.
    """
    whole = "\n".join(page.strip("\n") for page in pages)
    empty_lines = len(re.findall(r"\n{2,}", whole))
    between = "\n\n" if empty_lines * 2 > len(re.findall(r"\n+", whole)) else "\n"
    joined = ""
    for page in pages:
        if not joined or joined.endswith("\n"):
            joined += page
        elif _goes_on(joined, page):
            joined += f" {page}"
        else:
            joined += between + page
    return joined.strip("\n")


def next_page(response: Response) -> str | None:
    """Return the next page of the same story; a «Далее» to another story ends this one."""
    buttons = [b.attrib.get("href", "") for b in response.css(_BUTTON) if _says(_FURTHER, b)]
    hrefs = [*buttons, *response.css("link[rel=next]::attr(href)").getall()]
    urls = (_join(response, href) for href in hrefs)
    return next((url for url in urls if url and _story(url) == _story(response.url)), None)


def story_facts(response: Response) -> StoryFacts:
    """Return what the first page of a story says about it."""
    soup = _soup(response)
    for text in soup.select(_TEXT):
        text.decompose()  # the story's own words are no facts about it
    blocks = soup.select(_FACTS)
    said = "\n".join(_text_of(block) for block in blocks).replace("\xa0", " ")
    crumbs = next((b for b in blocks if _BREADCRUMB.search(str(b.get("style", "")))), None)
    category, tags = _breadcrumb(crumbs) if crumbs else (None, ())
    return StoryFacts(
        title=_title(soup),
        author=_first(_AUTHOR, said),
        category=category,
        tags=tags,
        published=_published(blocks),
        rating=float(rating.replace(",", ".")) if (rating := _first(_RATING, said)) else None,
        views=int(views.replace(" ", "")) if (views := _first(_VIEWS, said)) else None,
    )


def age_form(response: Response) -> Selector | None:
    """Return the form that asks for the reader's age, where it stands instead of a page."""
    forms = response.xpath(_AGE_FORM)
    return forms[0] if forms and not response.css(_TEXT) else None


# --- how ---------------------------------------------------------------------------------------

_SPACES = re.compile(r"[ \t\r\n\f]+")
_SILENT = frozenset({"script", "style", "noscript", "template", "form", "iframe", "button"})
_BLOCKS = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "li", "ul", "ol", "blockquote", "tr", "hr"}
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SENTENCE_END = frozenset(".!?…:;»”\"')*—-–")


def _soup(response: Response) -> BeautifulSoup:
    # Not lxml: it returns nothing, and says nothing, for tags nested too deep.
    return BeautifulSoup(response.text, "html.parser")


def _text_of(block: Tag) -> str:
    """Return the text a reader sees in a block: <br> and blocks break lines, nothing else does."""
    lines = "".join(_pieces(block)).split("\n")
    return "\n".join(line.strip(" ") for line in lines)


def _pieces(block: Tag) -> Iterator[str]:
    # A stack of our own: a hostile page nests deeper than Python recurses.
    waiting: list[object] = list(reversed(block.contents))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Tag):
            if node.name == "br":
                yield "\n"
            elif not _is_unseen(node):
                border = ["\n"] if node.name in _BLOCKS else []
                waiting += [*border, *reversed(node.contents), *border]
        elif type(node) is NavigableString:  # its subclasses are comments, scripts, doctypes
            yield _SPACES.sub(" ", node)
        elif type(node) is str:
            yield node


def _is_unseen(tag: Tag) -> bool:
    is_button = "but" in tag.get_attribute_list("class")
    is_hidden = tag.has_attr("hidden") or _HIDDEN.search(str(tag.get("style", ""))) is not None
    return tag.name in _SILENT or is_button or is_hidden


def _title(soup: BeautifulSoup) -> str | None:
    heading = soup.select_one(_HEADING) or soup.select_one("title")
    line = _one_line(heading.get_text()) if heading else ""
    tail = _TITLE_TAIL.match(line)
    return (tail["title"] if tail else line) or None


def _breadcrumb(crumbs: Tag) -> tuple[str | None, tuple[str, ...]]:
    names = [_one_line(link.get_text()) for link in crumbs.select("a")][:_PATH_LENGTH]
    text = _text_of(crumbs)
    after = 0
    for name in names:
        after = max(after, text.find(name, after) + len(name))
    category = names[-1] if len(names) == _PATH_LENGTH else None
    return category or None, _tags(text[after:])


def _tags(text: str) -> tuple[str, ...]:
    opened = _TAGS.search(text)
    names = (_one_line(name).rstrip(".") for name in opened[1].split(",")) if opened else ()
    return tuple(dict.fromkeys(filter(None, names)))


def _published(blocks: Sequence[Tag]) -> date | None:
    for bold in (bold for block in blocks for bold in block.select("b")):
        if found := _DATE.search(_one_line(bold.get_text())):
            day, month, year = found.groups()
            try:
                return date(int(year), _MONTHS.index(month.lower()) + 1, int(day))
            except ValueError:
                return None
    return None


def _goes_on(text: str, page: str) -> bool:
    return text[-1] not in _SENTENCE_END and page[:1].islower()


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1].strip() if found else None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _says(pattern: re.Pattern[str], link: Selector) -> bool:
    return pattern.match(link.xpath("string()").get("")) is not None


def _join(response: Response, href: str) -> str | None:
    try:
        url = response.urljoin(href.strip())
        return url.partition("#")[0] if urlsplit(url).hostname else None
    except ValueError:
        return None


def _story(url: str) -> str | None:
    """Return what the pages of one story have in common."""
    path = _STORY_PATH.search(urlsplit(url).path)
    return f"{path.string[: path.start()]}/{path['slug']}" if path else None


def _page_number(url: str) -> int | None:
    path = _STORY_PATH.search(urlsplit(url).path)
    return int(path["page"] or 1) if path else None


def _list_number(url: str) -> int | None:
    path = _LIST_PATH.search(urlsplit(url).path)
    return int(path["number"]) if path else None
