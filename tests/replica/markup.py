"""The site's pages as HTML, built from what is known of them and not from what a parser would like."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
GATE_ANSWER = "Мне исполнилось 18 лет"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a story page says about its story; None and () are not said at all."""

    title: str
    author: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    published: tuple[int, int, int] | None = None  # year, month, day
    rating: float | None = None
    views: int | None = None


def page(title: str, body: str, *, meta: str | None = None, head: str = "") -> str:
    """Return a whole page; `meta` is the charset it claims."""
    claim = f'<meta http-equiv="Content-Type" content="text/html; charset={meta}">' if meta else ""
    return (
        f"<!DOCTYPE html>\n<html><head>{claim}<title>{escape(title)}</title>{head}</head>\n"
        f'<body><div class="p">Сегодня 3 рассказа, 15 гостей, 100 лет сайту</div>\n{body}\n'
        f'<div class="p"><b>5 из 10</b> читателей вернулись. 18+</div></body></html>\n'
    )


def start_page(categories: Sequence[tuple[str, str]], root: str) -> str:
    """Return the start page: `a.hud` to each category, and to places that are none."""
    links = "<br>\n".join(
        f'<a class="hud" href="{root}{slug}/">{escape(name)}</a>' for slug, name in categories
    )
    others = (
        '<a class="hud" href="/stories/en/2/">English</a> <a class="hud" href="/forum/">Форум</a>'
    )
    return page("Рассказы", f"<h1>Рассказы</h1>{links}<br>{others}")


def list_page(name: str, stories: Sequence[tuple[str, str]], buttons: str, extra: str = "") -> str:
    """Return a page of a category: `stories` are (href, title), `extra` is put among them."""
    links = "<br>\n".join(
        f'<a class="hud" href="{href}">{escape(title)}</a>' for href, title in stories
    )
    return page(name, f"<h1>{escape(name)}</h1>{links}<br>{extra}\n<div>{buttons}</div>")


def story_page(
    facts: Facts,
    text: str,
    root: str,
    *,
    is_first: bool = True,
    following: str | None = None,
    by_link: bool = False,
    meta: str | None = None,
) -> str:
    """Return one page of a story; `by_link` names the next page in the head instead of a button."""
    head = f'<link rel="next" href="{following}">' if following and by_link else ""
    button = f'<a class="but" href="{following}">Далее</a>' if following and not by_link else ""
    tail = f" – {facts.category} в рассказах для взрослых" if facts.category else ""
    about = _about(facts) if is_first else ""
    body = (
        f"{_breadcrumb(facts, root)}\n<h1>{escape(facts.title)}{escape(tail)}</h1>\n{about}\n"
        f'<div id="rsz">\n<!-- текст -->{as_html(text)}</div>\n<div>{button}</div>\n'
        '<div class="p"><a href="#">Рейтинг</a> · <a href="#">12 отзывов</a></div>'
    )
    return page(f"{facts.title}{tail}", body, meta=meta, head=head)


def as_html(text: str) -> str:
    """Return text as the site has it: text nodes and <br>."""
    return escape(text, quote=False).replace("\n", "<br>\n")


def gate_page(token: str) -> str:
    """Return the form that asks for the reader's age; `token` must come back with the answer."""
    return page(
        "18+",
        '<h1>Только для взрослых</h1><form method="post"><input type="hidden" name="freed" value="1">'
        f'<input type="hidden" name="ref" value="{token}">'
        f'<input type="submit" name="fkay" value="{GATE_ANSWER}"></form>',
    )


def _breadcrumb(facts: Facts, root: str) -> str:
    if not facts.category:
        return ""
    tags = f" + {escape(', '.join(facts.tags))}" if facts.tags else ""
    return (
        '<div class="p" style="padding:2px; border-bottom: 1px solid #ccc">'
        f'<a href="{root}">Рассказы 18+</a> &raquo; <a href="./">{escape(facts.category)}</a>{tags}</div>'
    )


def _about(facts: Facts) -> str:
    said = []
    if facts.published:
        year, month, day = facts.published
        said.append(f"<b>{day} {MONTHS[month - 1]} {year}</b>")
    if facts.author:
        said.append(f"Автор: {escape(facts.author)}")
    if facts.rating is not None:
        said.append(f"Рейтинг: {facts.rating}")
    if facts.views is not None:
        said.append(f"Просмотров: {facts.views}")
    return f'<div class="p">{"<br>".join(said)}</div>'
