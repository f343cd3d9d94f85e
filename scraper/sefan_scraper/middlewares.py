"""What happens to every request and every page: one site, our names, right letters, the age gate."""

from itertools import cycle
from typing import Self
from urllib.parse import urlsplit

from form2request import form2request
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.http.cookies import CookieJar

from sefan_scraper import pages
from sefan_scraper.encoding import Undecodable, decode

# A gate that stays shut after this many honest answers asks for something else.
GATE_ATTEMPTS = 3
# The statuses of a page that is there.
_PAGE = range(200, 300)


class Unwanted(IgnoreRequest):
    """A request not sent or a page not read; the reason is one word for the crawl's report."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OneSiteMiddleware:
    """Lets out only http(s) requests to the configured site; each hop of a redirect comes by here."""

    def __init__(self, site_url: str) -> None:
        self._site = urlsplit(site_url)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the site from SITE_URL."""
        return cls(crawler.settings["SITE_URL"])

    def process_request(self, request: Request) -> None:
        """Raise `Unwanted` for any other place."""
        if not self._is_ours(request.url):
            raise Unwanted("offsite")

    def _is_ours(self, address: str) -> bool:
        try:
            url = urlsplit(address)
            port = url.port
        except ValueError:
            return False
        # The site may move from http to https, both on their own ports, and nowhere else.
        return (
            url.scheme in {"http", "https"}
            and url.hostname == self._site.hostname
            and port == self._site.port
            and not (url.username or url.password)
            and not (self._site.scheme == "https" and url.scheme == "http")
        )


class UserAgentsMiddleware:
    """Gives each request the next of USER_AGENTS; robots.txt is then asked about that very name."""

    def __init__(self, agents: list[str]) -> None:
        self._agents = cycle(agents)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Take the names from USER_AGENTS."""
        return cls(crawler.settings.getlist("USER_AGENTS"))

    def process_request(self, request: Request) -> None:
        """Set the header, on a repeated request too."""
        request.headers["User-Agent"] = next(self._agents)


class CookiesMiddleware:
    """Keeps the cookies of the one site, in memory.

    Scrapy's own asks another host for the list of public domains, to tell cookies of one site from
    those of all; a guest of one host has no such question and tells nobody where it is.
    """

    def __init__(self) -> None:
        self._jar = CookieJar()

    def process_request(self, request: Request) -> None:
        """Send what the site has given us, in place of what an earlier attempt sent."""
        request.headers.pop("Cookie", None)
        self._jar.add_cookie_header(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Keep what the site gives."""
        self._jar.extract_cookies(response, request)
        return response


class DecodeMiddleware:
    """Replaces a page by the same page in UTF-8, whatever it was in and whatever it said it was."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the page in UTF-8; raise `Unwanted` when no charset fits or it is no text."""
        if _is_robots(request) or response.status not in _PAGE:
            return response
        if not isinstance(response, TextResponse):
            raise Unwanted("not_html")
        try:
            text = decode(response.body, response.headers.get("Content-Type"))
        except Undecodable:
            raise Unwanted("undecodable") from None
        # HtmlResponse would believe the old Content-Type before its argument.
        headers = response.headers.copy()
        headers["Content-Type"] = "text/html; charset=utf-8"
        return HtmlResponse(
            response.url,
            status=response.status,
            headers=headers,
            body=text.encode(),
            encoding="utf-8",
            request=request,
        )


class AgeGateMiddleware:
    """Answers the site's age form wherever it stands instead of a page, as its reader has done.

    Whoever starts a crawl has passed our own gate. The answer is posted where the form says, and
    the page that follows goes to the callback that waited for it. A gate comes back whenever the
    site forgets its cookie: after a resumed crawl, in the middle of a story.
    """

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """Return the page, or the request that answers the gate in front of it."""
        if not isinstance(response, TextResponse) or _is_robots(request):
            return response
        form = pages.age_form(response)
        if form is None:
            return response
        attempts = request.meta.get("gate_attempts", 0)
        if attempts >= GATE_ATTEMPTS:
            raise Unwanted("age_gate")
        answer = form2request(form)
        return request.replace(
            url=answer.url,
            method=answer.method,
            headers=dict(answer.headers),
            body=answer.body,
            meta={**request.meta, "gate_attempts": attempts + 1},
            dont_filter=True,
        )


def _is_robots(request: Request) -> bool:
    return urlsplit(request.url).path == "/robots.txt"
