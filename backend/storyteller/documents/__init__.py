"""Files in and out: what a reader brings, what a reader takes home."""
