"""The pictures of docs/pictures, taken by a browser from the live release (`make shots`): they are as the pages are, never drawn by hand.

    CARBON_DATA=data .venv/bin/python bench/shots.py
"""

from __future__ import annotations

import html
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from pipelines.defs.serve import start, stop, webserver_command, write_home
from pipelines.publish.store import SITE, require_live
from pipelines.settings import PROJECT, load_settings

CHROMIUM = "/usr/bin/chromium"
PICTURES = PROJECT / "docs" / "pictures"
MOST_BYTES = 300_000
FIGURE = ["explain", "--table", "marts.fct_total_year", "--column", "direct_tco2e", "--key", "level=province,code=520000,period=2025-01-01"]
TERMINAL = """<meta charset=utf-8><style>body{{margin:0;background:#10181a;color:#d7e4de;font:15px/1.5 "Noto Sans Mono CJK SC",monospace;padding:18px 22px}}b{{color:#5cc9a4}}</style><pre><b>$ carbon {}</b>
{}</pre>"""


def main() -> None:
    """Take all pictures; ends with what is too large for a page to load."""
    folder, _ = require_live(load_settings())
    site = folder / SITE
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, path, height, query in _pages(site):
            page = browser.new_page(viewport={"width": 1320, "height": height}, device_scale_factor=0.85)
            page.goto(f"file://{site}/{path}?{query}")
            page.wait_for_selector("html[data-ready]", state="attached")
            _take(page, name)
        page = browser.new_page(viewport={"width": 1180, "height": 560})
        page.set_content(TERMINAL.format(html.escape(" ".join(FIGURE)), html.escape(_said(FIGURE))))
        _take(page, "terminal")
        _asset_graph(browser)
        browser.close()
    large = [f"{p.name}: {p.stat().st_size:,} bytes" for p in sorted(PICTURES.glob("*.png")) if p.stat().st_size > MOST_BYTES]
    sys.exit(f"图片过大 | too large: {'; '.join(large)}" if large else 0)


def _pages(site: Path) -> list[tuple[str, str, int, str]]:
    """Name, page, height, language and theme: of cities, accounts and deliveries one that has much to show."""
    account = max(site.glob("enterprise/*.html"), key=lambda p: (p.stat().st_size < 30_000, p.stat().st_size, p.name))
    held = min(site.glob("quality/batch/enterprise_energy-*.xlsx"))
    return [
        ("overview", "index.html", 1000, "lang=zh&theme=light"), ("city", "city/520300.html", 980, "lang=en&theme=dark"),
        ("account", f"enterprise/{account.name}", 1000, "lang=zh&theme=light"), ("inbox", "quality/index.html", 940, "lang=zh&theme=light"),
        ("delivery", f"quality/batch/{held.stem}.html", 1000, "lang=zh&theme=light"), ("bridge", "reconciliation.html", 820, "lang=en&theme=light"),
    ]


def _asset_graph(browser: Any) -> None:
    """The stages of the night as Dagster shows them, each a group of assets."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="shots_") as folder:
        server = start(webserver_command("127.0.0.1", port), write_home(Path(folder) / "home"))
        try:
            _wait_for(f"http://127.0.0.1:{port}/server_info")
            page = browser.new_page(viewport={"width": 1180, "height": 460})
            page.goto(f"http://127.0.0.1:{port}/asset-groups")
            page.get_by_text("published").last.wait_for()
            page.wait_for_timeout(5000)   # the graph is laid out, then moved into view
            _take(page, "assets")
        finally:
            stop([server])


def _wait_for(address: str, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    sys.exit(f"没有应答 | no answer: {address}")


def _said(arguments: list[str]) -> str:
    """The first lines of what a command says."""
    done = subprocess.run([sys.executable, "-m", "pipelines.cli", *arguments], capture_output=True, text=True, check=True, cwd=PROJECT)
    lines = done.stdout.splitlines()
    return "\n".join(line[:150] for line in lines[:20])


def _take(page: Any, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")
    page.close()


if __name__ == "__main__":
    main()
