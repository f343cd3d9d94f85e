"""Where Scrapy looks for commands of ours."""
