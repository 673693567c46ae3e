"""A real browser over the pages of the session's release: Debian's chromium, without a display."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Release

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
MISSING = f"没有浏览器 {CHROMIUM}：页面没有在浏览器中检验；安装：make setup-browser | there is no browser {CHROMIUM}: the pages were not tried in one; install it: make setup-browser"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage")


@pytest.fixture(scope="module")
def site(release: Release) -> Path:
    """The folder of the pages."""
    return (release.data / "marts" / "site").resolve()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser. Where it is missing the tests are skipped, loudly; with TESTS_NEED_BROWSER set (.ci/run) they fail."""
    if not CHROMIUM.exists() or shutil.which(str(CHROMIUM)) is None:
        (pytest.fail if os.environ.get("TESTS_NEED_BROWSER") else pytest.skip)(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield browser
        browser.close()


class Watched:
    """A page that remembers what went wrong and what it asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.outside.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None)

    def open(self, site: Path, path: str) -> None:
        """Open a page and wait until its script has done its work."""
        self.page.goto(f"file://{site}/{path}", wait_until="load")
        self.page.wait_for_selector("html[data-ready]", state="attached")


@pytest.fixture(scope="module")
def watched(chromium: Any) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 360, "height": 800}, accept_downloads=True)
    yield Watched(context.new_page())
    context.close()
