"""The whole replica as a value: every page, and the truth a crawl is judged by."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.replica import markup
from tests.replica.markup import Facts
from tests.replica.planted import Planted, planted
from tests.replica.texts import Original, originals

ROOT = "/stories/ru/2/"
CATEGORIES = (
    ("drama", "Драма"),
    ("izmena", "Измена"),
    ("romantika", "Романтика"),
    ("vstrecha", "Случайная встреча"),
)
CLOSED = ("zakryto", "Закрытое")
# Lists count down from here, as on the real site on a day we know of.
NEWEST_LIST = 341
STORIES_A_LIST = 7
PAGE_LENGTH = 9_000  # characters


class Expected(NamedTuple):
    """A story that a crawl must bring, word for word (after `storycore.text.clean`)."""

    title: str
    category: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the server answers at one path. `@PORT@` in a link or a Location is its own port."""

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    location: str | None = None
    is_gated: bool = False
    # Asks for the reader's age once more, though it was told: the site has lost its cookie.
    forgets: bool = False
    # Statuses answered before the page itself, on the first visits, with Retry-After: 1.
    stumbles: tuple[int, ...] = ()


@dataclass(frozen=True)
class Site:
    """The pages by path, and what must come of crawling them."""

    pages: dict[str, Page] = field(default_factory=dict)
    # Stories a corpus must hold afterwards.
    allowed: list[Expected] = field(default_factory=list)
    # What their pages say, by title.
    facts: dict[str, Facts] = field(default_factory=dict)
    # Words that must be nowhere on the disk afterwards.
    planted: list[str] = field(default_factory=list)
    # Paths robots.txt closes: nothing below them may be asked for.
    disallowed: list[str] = field(default_factory=list)

    def page(self, path: str) -> Page | None:
        """Return the page at a path; the endless story has a page for every number."""
        return self.pages.get(path) or _endless_page(path)


class Charset(NamedTuple):
    """How a page is encoded, what its header says and what its meta tag says."""

    encoding: str
    header: str | None
    meta: str | None


# Every mixture an old Russian site can think of.
CHARSETS = (
    Charset("utf-8", "utf-8", None),
    Charset("cp1251", "windows-1251", "windows-1251"),
    Charset("utf-8", None, "utf-8"),
    Charset("cp1251", None, "windows-1251"),
    Charset("utf-8", None, None),
    Charset("cp1251", None, None),
    Charset("cp1251", "utf-8", None),
    Charset("utf-8", "windows-1251", None),
    Charset("cp1251", "iso-8859-1", None),
)


def build_site(
    stories: Sequence[Original] | None = None, *, ruslit: int = 60, crawl_delay: float = 0
) -> Site:
    """Return the replica: the same one for the same arguments and the same test data.

    `stories` are those of the texts at hand, with `ruslit` works of the optional test data, unless
    given. `crawl_delay` is what robots.txt asks for, in seconds.
    """
    site = Site(disallowed=[f"{ROOT}{CLOSED[0]}/"])
    lists: dict[str, list[tuple[str, str]]] = {slug: [] for slug, _ in (*CATEGORIES, CLOSED)}
    for index, story in enumerate(originals(ruslit) if stories is None else stories):
        _put_allowed(site, lists, index, story)
    for index, bad in enumerate(planted()):
        _put_planted(site, lists, index, bad)
    _put_closed(site, lists)
    _put_traps(site, lists)
    for slug, name in (*CATEGORIES, CLOSED):
        _put_lists(site, slug, name, lists[slug])
    site.pages[ROOT] = _page(markup.start_page((*CATEGORIES, CLOSED), ROOT), CHARSETS[3])
    robots = f"User-agent: *\nDisallow: {ROOT}{CLOSED[0]}/\nCrawl-delay: {crawl_delay:g}\n"
    site.pages["/robots.txt"] = Page(robots.encode(), "text/plain")
    return site


# --- stories -----------------------------------------------------------------------------------


def _put_allowed(
    site: Site, lists: dict[str, list[tuple[str, str]]], index: int, story: Original
) -> None:
    slug, name = CATEGORIES[index % len(CATEGORIES)]
    facts = _facts(index, story, name)
    path = f"{ROOT}{slug}/chitat_rasskaz-{index}_1.html"
    charset = CHARSETS[index % len(CHARSETS)]
    pages = cut(story.text, strip=index % 2 == 0)
    _put_story(site, path, facts, pages, charset, variant=index)
    lists[slug].append((path, story.title))
    site.allowed.append(Expected(story.title, facts.category, story.text))
    site.facts[story.title] = facts
    if index % 10 == 0:  # the same story in a second category, under another address
        other, name = CATEGORIES[(index + 1) % len(CATEGORIES)]
        copy = f"{ROOT}{other}/chitat_rasskaz-{index}_1.html"
        _put_story(site, copy, facts, pages, CHARSETS[0], variant=index)
        lists[other].append((copy, story.title))


def _facts(index: int, story: Original, category: str) -> Facts:
    """Return what the pages of a story say: every kind of fact is missing somewhere."""
    said = [(index // 2 + shift) % 5 != 0 for shift in range(5)]
    return Facts(
        title=story.title,
        author=story.author if said[0] else None,
        category=category if said[1] else None,
        tags=story.tags if said[1] else (),
        published=(2012 + index % 13, 1 + index % 12, 1 + index % 28) if said[2] else None,
        rating=round(index % 50 / 10, 1) if said[3] else None,
        views=1000 + 37 * index if said[4] else None,
    )


def cut(text: str, *, strip: bool = False) -> list[str]:
    """Cut a story into pages before its paragraphs.

    With `strip` a page does not end in the line breaks that stood there; only for a story whose
    paragraphs are all parted alike, since nothing else could tell what they were.
    """
    pages = [""]
    for line in text.strip().splitlines(keepends=True):
        if len(pages[-1]) + len(line) > PAGE_LENGTH and pages[-1].strip() and line.strip():
            pages.append("")
        pages[-1] += line
    is_even = len({len(gap) for gap in re.findall(r"\n+", text.strip())}) == 1
    return [page.rstrip("\n") for page in pages] if strip and is_even else pages


def _put_story(
    site: Site,
    path: str,
    facts: Facts,
    pages: Sequence[str],
    charset: Charset,
    *,
    variant: int = 0,
    last_leads_to: str | None = None,
) -> None:
    paths = [path, *(further(path, number) for number in range(2, len(pages) + 1))]
    for index, (here, text) in enumerate(zip(paths, pages, strict=True)):
        following = paths[index + 1] if index + 1 < len(paths) else last_leads_to
        html = markup.story_page(
            facts,
            text,
            ROOT,
            is_first=index == 0,
            following=following.rpartition("/")[2] if following else None,
            by_link=variant % 3 == 1,
            meta=charset.meta,
        )
        site.pages[here] = _page(
            html,
            charset,
            is_gated=True,
            forgets=index == 1 and variant % 4 == 0,
            stumbles=(503,) if variant == 1 and index == 0 else (),
        )


def further(path: str, number: int) -> str:
    """Return the path of a further page of a story."""
    return path.replace("_1.html", f"_1-{number}.html")


def _put_planted(
    site: Site, lists: dict[str, list[tuple[str, str]]], index: int, story: Planted
) -> None:
    slug, name = CATEGORIES[index % len(CATEGORIES)]
    path = f"{ROOT}{slug}/chitat_komnata-{index}_1.html"
    facts = Facts(story.title, "Редакция", name, story.tags, (2020, 2, 3), 4.5, 300)
    _put_story(site, path, facts, story.pages, CHARSETS[index % len(CHARSETS)])
    lists[slug].insert(index, (path, story.title))
    site.planted.append(story.marker)


def _put_closed(site: Site, lists: dict[str, list[tuple[str, str]]]) -> None:
    """Put stories behind robots.txt; one of them is linked from an open list, too."""
    for index, marker in enumerate(("цапельник", "чернотал")):
        path = f"{ROOT}{CLOSED[0]}/chitat_tajna-{index}_1.html"
        text = f"Сюда никого не звали, и {marker} этому рад. Они сидели на крыльце до темноты."
        _put_story(site, path, Facts(f"Тайна {index}", category=CLOSED[1]), [text], CHARSETS[0])
        lists[CLOSED[0]].append((path, f"Тайна {index}"))
        site.planted.append(marker)
    lists["drama"].append((f"{ROOT}{CLOSED[0]}/chitat_tajna-0_1.html", "Тайна 0"))


# --- traps -------------------------------------------------------------------------------------

_ENDLESS = f"{ROOT}romantika/chitat_beskonechnost_1"
_ROUND = (
    "Карусель пустили в мае. Инна каталась одна, Глеб стоял у билетной будки.",
    "— Ещё круг?\n\n— Да.\n\nЗа кругом был круг, и музыка не менялась.",
    "Вечером карусель остановили. Глеб подал ей руку: им было по сорок, и обоим кружило голову.",
)
_ELSEWHERE = (
    "Дорога кончилась у моста. Дальше Рита шла пешком и не считала шагов.",
    "На том берегу её ждал Семён. Он снял шляпу, и ветер тут же её унёс.",
)


def _put_traps(site: Site, lists: dict[str, list[tuple[str, str]]]) -> None:
    drama, izmena = f"{ROOT}drama/", f"{ROOT}izmena/"
    # «Далее» of the last page leads to the second one: the story is whole, and kept.
    path = f"{drama}chitat_karusel_1.html"
    _put_loop(site, lists, path, _ROUND, title="Карусель", last_leads_to=further(path, 2))
    # «Далее» of the last page leads to another story: two stories, not one.
    path = f"{izmena}chitat_doroga_1.html"
    other = f"{izmena}chitat_rasskaz-1_1.html"
    _put_loop(site, lists, path, _ELSEWHERE, title="Дорога к мосту", last_leads_to=other)
    # «Далее» without end, each page new: nobody knows where the story ends, so it is dropped.
    lists["romantika"].append((f"{_ENDLESS}.html", "Бесконечность"))
    site.planted.append("шишкодей")
    # Dead, empty and moved pages; the last two lead out of the site and into what robots.txt closes.
    site.pages[f"{drama}chitat_pusto_1.html"] = _page(
        markup.story_page(Facts("Пусто"), "", ROOT), CHARSETS[0]
    )
    hops = {
        "uvodit": f"http://localhost:@PORT@{drama}chitat_sosed_1.html",
        "uvodit-v-fajl": "file:///etc/hostname",
        "uvodit-v-tajnu": f"{ROOT}{CLOSED[0]}/chitat_tajna-1_1.html",
    }
    for slug, location in hops.items():
        site.pages[f"{drama}chitat_{slug}_1.html"] = Page(status=302, location=location)
    for slug in ("pusto", "propal", *hops):
        lists["drama"].insert(2, (f"{drama}chitat_{slug}_1.html", slug))
    foreign = Facts("Чужой рассказ", category="Драма")
    text = "Это рассказ другого сайта, и щеглолов тому свидетель."
    _put_story(site, f"{drama}chitat_chuzhoj_1.html", foreign, [text], CHARSETS[0])
    site.planted.append("щеглолов")


def _put_loop(
    site: Site,
    lists: dict[str, list[tuple[str, str]]],
    path: str,
    pages: Sequence[str],
    *,
    title: str,
    last_leads_to: str,
) -> None:
    slug = path.split("/")[-2]
    facts = Facts(title, "Редакция", dict(CATEGORIES)[slug])
    breaks = [f"{text}\n\n" for text in pages]
    _put_story(site, path, facts, breaks, CHARSETS[1], last_leads_to=last_leads_to)
    lists[slug].append((path, title))
    site.allowed.append(Expected(title, facts.category, "\n\n".join(pages)))
    site.facts[title] = facts


def _endless_page(path: str) -> Page | None:
    head, _, tail = path.partition(_ENDLESS)
    number = tail.removesuffix(".html").removeprefix("-") or "1"
    if head or not path.startswith(_ENDLESS) or not number.isdecimal():
        return None
    html = markup.story_page(
        Facts("Бесконечность", category="Романтика"),
        f"Страница {number}. Шёл снег, шишкодей считал снежинки и сбился.",
        ROOT,
        following=f"chitat_beskonechnost_1-{int(number) + 1}.html",
    )
    return _page(html, CHARSETS[0], is_gated=True)


# --- lists -------------------------------------------------------------------------------------

# Links a list may hold that are no stories of this site.
_TRAPS = (
    '<a class="hud" href="http://localhost:@PORT@/stories/ru/2/drama/chitat_chuzhoj_1.html">сосед</a>'
    '<a class="hud" href="javascript:go(1)">дальше</a> <a class="hud" href="file:///etc/passwd">файл</a>'
    '<a class="hud" href="/stories/ru/2/drama/chitat_reklama.html">реклама</a>'
    '<a class="hud" href="http://[::1/chitat_krivo_1.html">кривая ссылка</a>'
    '<a href="/stories/ru/2/drama/chitat_ne-hud_1.html">не рассказ</a>'
)


def _put_lists(site: Site, slug: str, name: str, stories: Sequence[tuple[str, str]]) -> None:
    """Put the pages of a category: the newest at its root, then numbers counting down."""
    chunks = list(_chunks(stories, STORIES_A_LIST))
    root = f"{ROOT}{slug}/"
    numbers = [NEWEST_LIST - index for index in range(len(chunks) - 1)]
    for index, chunk in enumerate(chunks):
        newer = f"page-{numbers[index - 1] + 1 if index > 1 else 9999}.html"
        is_last = index == len(chunks) - 1
        # The last list says «Старые» too, and leads back up: a list must end all the same.
        older = f"page-{NEWEST_LIST}.html" if is_last else f"page-{numbers[index]}.html"
        buttons = (
            f'<a class="but" rel="next" href="{newer}">&lt;&lt; Новые</a> '
            f'<a class="but" rel="prev" href="{older}">Старые &gt;&gt;</a>'
        )
        html = markup.list_page(name, chunk, buttons, _TRAPS if index == 0 else "")
        path = f"{root}page-{numbers[index - 1]}.html" if index else root
        site.pages[path] = _page(
            html,
            CHARSETS[(index + len(slug)) % len(CHARSETS)],
            is_gated=slug == "izmena",
            forgets=slug == "izmena",
            stumbles=(503,) if slug == "vstrecha" and index == 1 else (),
        )


def _chunks(stories: Sequence[tuple[str, str]], size: int) -> Iterable[Sequence[tuple[str, str]]]:
    return _sliced(stories, size) if stories else iter([()])


def _sliced(stories: Sequence[tuple[str, str]], size: int) -> Iterator[Sequence[tuple[str, str]]]:
    for start in range(0, len(stories), size):
        yield stories[start : start + size]


def _page(html: str, charset: Charset, **how: object) -> Page:
    said = f"; charset={charset.header}" if charset.header else ""
    # What an old charset lacks, an old site writes as an entity.
    body = html.encode(charset.encoding, errors="xmlcharrefreplace")
    return Page(body=body, content_type=f"text/html{said}", **how)  # type: ignore[arg-type]
