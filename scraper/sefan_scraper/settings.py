"""Scrapy's settings: a guest who knocks, waits and closes the door. Read docs before loosening one."""

from sefan_scraper.config import BadSetting, read_settings

try:
    _crawl = read_settings()
except BadSetting as problem:
    # Scrapy imports this module before any command runs: end with the sentence, not a traceback.
    raise SystemExit(str(problem)) from None

BOT_NAME = "story-studio"
SPIDER_MODULES = ["sefan_scraper.spiders"]
NEWSPIDER_MODULE = "sefan_scraper.spiders"
COMMANDS_MODULE = "sefan_scraper.commands"
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"

# --- whose site, who we are, where it goes -----------------------------------------------------
SITE_URL = _crawl.site_url
USER_AGENTS = _crawl.agents
USER_AGENT = USER_AGENTS[0]
DATA_DIR = str(_crawl.data_dir)
CLOSESPIDER_ITEMCOUNT = _crawl.max_stories
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Language": "ru",
}

# --- manners -----------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = _crawl.download_delay
# Scrapy would vary the delay by half in both directions, and so break our promise every other time.
DOWNLOAD_DELAY_JITTER = 0
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = DOWNLOAD_DELAY
RETRY_TIMES = 3
# Who was asked to wait comes back next: above every other request, so that no story lies half read.
RETRY_PRIORITY_ADJUST = 100
REDIRECT_MAX_TIMES = 5
METAREFRESH_ENABLED = False

# --- what a hostile page cannot do -------------------------------------------------------------
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_WARNSIZE = DOWNLOAD_MAXSIZE
DOWNLOAD_TIMEOUT = 60
DOWNLOAD_HANDLERS = {"file": None, "data": None, "ftp": None, "s3": None}
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
# The pages of one story at most: a longer chain of "Далее" is a trap, not a story.
STORY_PAGE_LIMIT = 100

DOWNLOADER_MIDDLEWARES = {
    # A request passes these downwards, its response upwards.
    "sefan_scraper.middlewares.OneSiteMiddleware": 40,
    "sefan_scraper.middlewares.UserAgentsMiddleware": 90,  # before robots.txt is asked about us
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": None,
    "sefan_scraper.politeness.RobotsOrNothingMiddleware": 110,
    "sefan_scraper.middlewares.AgeGateMiddleware": 530,
    "sefan_scraper.middlewares.DecodeMiddleware": 540,
    "sefan_scraper.politeness.StopSignsMiddleware": 560,  # sees a 429 before Scrapy's retry (550)
    # Scrapy's cookies fetch a list of domains from another host on first use.
    "sefan_scraper.middlewares.CookiesMiddleware": 700,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    # A cache would write pages to the disk before the guard has seen them.
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
}

# Nothing that is refused reaches a later duty, and only the last one writes.
ITEM_PIPELINES = {
    "sefan_scraper.pipelines.AdultsOnlyPipeline": 100,
    "sefan_scraper.pipelines.StoryPipeline": 200,
    "sefan_scraper.pipelines.OncePipeline": 300,
    "sefan_scraper.pipelines.RawPipeline": 400,
}

EXTENSIONS = {
    "sefan_scraper.politeness.CrawlDelay": 10,
    "sefan_scraper.report.CrawlReport": 20,
}

# --- what is said ------------------------------------------------------------------------------
LOG_LEVEL = _crawl.log_level.upper()
LOG_FORMATTER = "sefan_scraper.logs.WordlessLogFormatter"
LOGSTATS_INTERVAL = 15.0
STATS_DUMP = False
