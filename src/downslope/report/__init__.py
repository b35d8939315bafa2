"""What to say: words and numbers for people, JSON for programs, lines while it runs."""

from downslope.report.interval_table import interval_table
from downslope.report.json_text import as_json
from downslope.report.progress import Watcher, bar, say, status_lines
from downslope.report.story import story
from downslope.report.text import summary

__all__ = ["Watcher", "as_json", "bar", "interval_table", "say", "status_lines", "story", "summary"]
