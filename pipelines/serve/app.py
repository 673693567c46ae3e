"""The application: site and downloads as the live release holds them, /sql, and the headers that keep pages to themselves."""

from __future__ import annotations

import csv
import io
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pipelines.contracts.text import safe_text
from pipelines.problem import Problem
from pipelines.publish.problem import PublishError
from pipelines.publish.store import DATABASE, DOWNLOADS, NOTES_FILE, RELEASE_FILE, SHA_FILE, SITE, require_live
from pipelines.query import load_queries
from pipelines.serve.reader import Limits, Reader
from pipelines.settings import Settings

HERE = Path(__file__).parent / "templates"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERY_ADDRESS = ("0.0.0.0", "::")   # noqa: S104 - named to be told from an address of its own, never bound unasked
MOST_DOWNLOADED = 50_000
MOST_CHARACTERS = 20_000
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cache-Control": "no-cache"}
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_SINGLE = (DATABASE, NOTES_FILE, RELEASE_FILE, SHA_FILE)


class Headers(BaseHTTPMiddleware):
    """Every answer says how it may be used; pages of the site carry a policy of their own."""

    async def dispatch(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """The answer with the headers."""
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def application(settings: Settings, hosts: Sequence[str] = LOOPBACK, limits: Limits | None = None) -> Starlette:
    """The server of one data folder. hosts: the names under which it may be asked, so that no page from elsewhere reads it through a name of its own."""
    reader = Reader(settings, limits)
    pages = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)

    async def sql(request: Request) -> Response:
        return await run_in_threadpool(_sql_page, reader, pages, request.query_params.get("q", ""))

    async def sql_csv(request: Request) -> Response:
        return await run_in_threadpool(_sql_csv, reader, pages, request.query_params.get("q", ""))

    async def first(request: Request) -> Response:
        return RedirectResponse(f"/{SITE}/index.html")

    async def style(request: Request) -> Response:
        return FileResponse(HERE / "sql.css", media_type="text/css")

    files = partial(_file, settings, pages)
    routes = [
        Route("/", first), Route("/sql", sql), Route("/sql.csv", sql_csv), Route("/sql.css", style),
        *(Route(f"/{top}/{{path:path}}", files) for top in (SITE, DOWNLOADS)), *(Route(f"/{name}", files) for name in _SINGLE), Route("/{path:path}", files),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)), Middleware(Headers)])


def serve(settings: Settings, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted. Raises PublishError when nothing is published, Problem when the address cannot be had."""
    require_live(settings)
    hosts = ["*"] if host in EVERY_ADDRESS else [*LOOPBACK, host]
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Problem(f"不能在 {host} 的端口 {port} 上监听：{error.strerror}；请用 --port 换一个", f"cannot listen on port {port} of {host}: {error.strerror}; choose another with --port") from error
    shown = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    say(f"{shown}/    SQL: {shown}/sql    （Ctrl-C 停止 | stops it）")
    with listening:
        uvicorn.Server(uvicorn.Config(application(settings, hosts), log_level="warning", server_header=False)).run(sockets=[listening])


async def _file(settings: Settings, pages: jinja2.Environment, request: Request) -> Response:
    """A file of the live release, which is looked up for each request: after a night the next page is of the new one."""
    try:
        folder, _ = require_live(settings)
    except PublishError as error:
        return _told(pages, error, 503)
    asked = request.url.path.strip("/")
    found = (folder / asked).resolve()
    if found.is_dir():
        found = found / "index.html"
    allowed = asked in _SINGLE or asked.split("/")[0] in (SITE, DOWNLOADS)
    if allowed and found.is_file() and found.is_relative_to(folder.resolve()):
        return FileResponse(found)
    return _told(pages, Problem("本版本没有这一页或文件", "this release has no such page or file"), 404)


def _told(pages: jinja2.Environment, problem: Problem, status: int) -> Response:
    return _page(pages, "", problem=problem, status=status)


def _sql_page(reader: Reader, pages: jinja2.Environment, sql: str) -> Response:
    if not sql.strip():
        return _page(pages, sql)
    try:
        answer = reader.ask(_bounded(sql))
    except Problem as error:
        return _page(pages, sql, problem=error, status=400)
    rows = [[_shown(value) for value in row] for row in answer.rows]
    return _page(pages, sql, answer=answer, rows=rows, csv="/sql.csv?" + urlencode({"q": sql}))


def _sql_csv(reader: Reader, pages: jinja2.Environment, sql: str) -> Response:
    try:
        answer = reader.ask(_bounded(sql), MOST_DOWNLOADED)
        if answer.more:
            raise Problem(f"超过 {MOST_DOWNLOADED:,} 行，不写成 CSV；请加条件，或取 Parquet", f"more than {MOST_DOWNLOADED:,} rows are not written as CSV: narrow it, or take the Parquet")
    except Problem as error:
        return _page(pages, sql, problem=error, status=400)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([safe_text(name) for name in answer.columns])
    writer.writerows([["" if value is None else safe_text(_shown(value)[0]) for value in row] for row in answer.rows])
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="query_{answer.release_id}.csv"'})


def _bounded(sql: str) -> str:
    if len(sql) > MOST_CHARACTERS:
        raise Problem(f"查询超过 {MOST_CHARACTERS:,} 个字符", f"the query is longer than {MOST_CHARACTERS:,} characters")
    return sql


def _shown(value: Any) -> tuple[str, str]:
    """A value as text, and how it stands in its column: unknown, number or text."""
    if value is None:
        return "NULL", "unknown"
    if isinstance(value, bool):
        return str(value).lower(), "text"
    if isinstance(value, int | float | Decimal):
        return f"{value}", "number"
    return (value.isoformat() if isinstance(value, date) else str(value)), "text"


def _page(pages: jinja2.Environment, sql: str, status: int = 200, **given: Any) -> Response:
    blank: dict[str, Any] = {"answer": None, "rows": [], "csv": "", "problem": None}
    text = pages.get_template("sql.html").render(**{**blank, **given}, sql=sql, queries=load_queries().values(), urlencode=urlencode)
    return HTMLResponse(text, status, headers={"Content-Security-Policy": _POLICY})
