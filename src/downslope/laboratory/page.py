"""Page: the one page of the lab and its parts, as files of the package. Scripts fill it; it holds no data."""

from importlib.resources import files

ASSETS = {
    "lab.js": "text/javascript; charset=utf-8",
    "lab.css": "text/css; charset=utf-8",
    "view.css": "text/css; charset=utf-8",
    "LICENSES.txt": "text/plain; charset=utf-8",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>downslope lab</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/view.css">
<link rel="stylesheet" href="/assets/lab.css">
<script type="module" src="/assets/lab.js"></script>
</head>
<body>
<main id="app" data-kind="lab"><noscript>The lab needs JavaScript. Everything runs on this machine.</noscript></main>
</body>
</html>
"""

CLOSED = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>downslope lab</title><link rel="icon" href="data:,"></head>
<body>
<main>
<h1>This page is closed</h1>
<p>This browser has no key to the lab. Open the address that <code>downslope lab</code> has printed where it was
started: <code>http://…/?token=…</code> holds the key. After that, the link that you came by opens too.</p>
</main>
</body>
</html>
"""


def asset(name: str) -> bytes | None:
    """The bytes of a part of the page; None if there is no such part."""
    if name not in ASSETS:
        return None
    file = files("downslope") / "pictures" / "assets" / name
    return file.read_bytes() if file.is_file() else None
