"""What to say: words and numbers for people, JSON for programs, lines while it runs, pages for a browser."""

from downslope.report.interval_table import interval_table
from downslope.report.json_text import as_json
from downslope.report.mathml import mathml
from downslope.report.parameters import parameters
from downslope.report.progress import Watcher, bar, say, status_lines
from downslope.report.replay_page import replay_page
from downslope.report.report_page import report_page
from downslope.report.story import story
from downslope.report.table import history_table, run_table
from downslope.report.text import summary
from downslope.report.verdicts import verdicts

__all__ = [
    "Watcher",
    "as_json",
    "bar",
    "history_table",
    "interval_table",
    "mathml",
    "parameters",
    "replay_page",
    "report_page",
    "run_table",
    "say",
    "status_lines",
    "story",
    "summary",
    "verdicts",
]
