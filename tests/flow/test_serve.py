"""`carbon serve` as a browser finds it: pages, downloads, and SQL that can only read."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest

from pipelines.publish.problem import PublishError
from pipelines.query import load_queries
from pipelines.serve.reader import Limits, QueryRefused, Reader
from pipelines.settings import load_settings
from tests.conftest import CARBON, ROOT, Release, carbon


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def port(release: Release) -> Iterator[int]:
    """A server of the release, stopped by Ctrl-C at the end."""
    number = free_port()
    server = subprocess.Popen([*CARBON, "serve", "--port", str(number), "--data", str(release.data)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert f"http://127.0.0.1:{number}/" in server.stdout.readline()
        while True:
            try:
                socket.create_connection(("127.0.0.1", number), 1).close()
                break
            except OSError:
                assert server.poll() is None
                time.sleep(0.05)
        yield number
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


def get(port: int, path: str, host: str = "") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode("utf-8")


def ask(port: int, sql: str, page: str = "/sql") -> tuple[int, str]:
    status, _, text = get(port, f"{page}?q={quote(sql)}")
    return status, text


def test_site_and_release_are_served_and_nothing_else_is(port: int, release: Release) -> None:
    assert get(port, "/")[1]["location"] == "/site/index.html"
    status, headers, page = get(port, "/site/index.html")
    assert status == 200 and "<html" in page and headers["x-content-type-options"] == "nosniff"
    assert get(port, "/release.json")[2] == (release.data / "marts" / "release.json").read_text("utf-8")
    for path in ("/site/../../../registry.sqlite", "/site/%2e%2e/%2e%2e/%2e%2e/registry.sqlite", "/site//etc/hostname", "/parquet/x.parquet", "/site/no.html", "/warehouse/"):
        status, _, text = get(port, path)
        assert status in (400, 404) and ("本版本没有这一页或文件" in text or status == 400), path


def test_a_name_from_elsewhere_is_not_answered(port: int) -> None:
    assert get(port, "/sql?q=from+marts.help", host="carbon.example")[0] == 400


def test_every_ready_question_is_answered(port: int) -> None:
    for query in load_queries().values():
        status, page = ask(port, query.sql)
        assert status == 200 and 'role="status"' in page and 'role="alert"' not in page, query.name
    assert set(re.findall(r'<a href="/sql\?q=[^"]*">([^<]+)</a>', ask(port, "from marts.help")[1])) == {query.title for query in load_queries().values()}


@pytest.mark.parametrize("sql", [
    "attach '/tmp/x.duckdb' as x", "copy (select 1) to '/tmp/x.csv'", "set threads = 1", "create table t as select 1", "delete from marts.fct_total_year",
    "select 1; select 2", "", " ; ", "select * from read_text('/etc/hostname')", "from '/etc/hostname'", "select * from nowhere", "selec 1", "pragma version", "install httpfs",
])
def test_what_does_not_only_read_the_release_is_refused_in_words(port: int, sql: str) -> None:
    status, page = ask(port, sql, "/sql.csv")
    assert status == 400 and 'role="alert"' in page and "|" not in page.split('role="alert"')[1].split("</p>")[0]


def test_values_of_a_page_and_of_a_csv(port: int) -> None:
    """Unknown is told from blank on the page; a text that a spreadsheet would compute is marked in the CSV; what looks like a tag is text."""
    sql = "select null as a, '' as b, '=1+1' as c, '<script>x</script>' as d, -1.50::decimal(9,2) as e, date '2025-01-01' as f, true as g"
    _, page = ask(port, sql)
    assert '<td class="unknown">NULL</td><td class="text"></td><td class="text">=1+1</td><td class="text">&lt;script&gt;x&lt;/script&gt;</td><td class="number">-1.50</td>' in page
    status, headers, text = get(port, f"/sql.csv?q={quote(sql)}")
    assert status == 200 and headers["content-disposition"].startswith("attachment")
    assert text == "\ufeffa,b,c,d,e,f,g\r\n,,'=1+1,<script>x</script>,-1.50,2025-01-01,true\r\n"


def test_rows_beyond_the_limit_are_told(port: int) -> None:
    assert "还有更多未显示" in ask(port, "from range(2001)")[1] and "还有更多未显示" not in ask(port, "from range(2000)")[1]
    status, page = ask(port, "from range(50001)", "/sql.csv")
    assert status == 400 and "50,000" in page


def test_a_query_that_takes_too_long_is_stopped_and_the_next_is_answered(release: Release) -> None:
    reader = Reader(load_settings(data=release.data), Limits(seconds=0.2))
    with pytest.raises(QueryRefused, match=r"stopped after 0\.2 s"):
        reader.ask("select count(*) from range(1000000000000)")
    assert reader.ask("select 1 as one").rows == [(1,)]


def test_moments_are_those_of_the_province(release: Release) -> None:
    """As everywhere else: whoever asks sees the time of China, not that of the machine."""
    reader = Reader(load_settings(data=release.data))
    for _ in range(2):
        assert reader.ask("select cast(timestamptz '2025-01-01 00:00:00+00' as varchar)").rows == [("2025-01-01 08:00:00+08",)]


def test_another_release_goes_live_while_somebody_asks(release: Release, tmp_path) -> None:
    """The one who asks gets the answer to the end, of the release that was live; the next one that of the other."""
    settings = load_settings(data=release.data)
    reader, answers = Reader(settings), []
    slow = threading.Thread(target=lambda: answers.append(reader.ask("select count(*) from range(2000000000) as r(i) where i % 7 = 1")))
    slow.start()
    reader.settings = replace(settings, data=tmp_path)
    with pytest.raises(PublishError):
        reader.ask("select 1")
    reader.settings = settings
    assert reader.ask("select release_id from reference.release").rows == [(release.manifest["release_id"],)]
    slow.join(60)
    assert [answer.rows for answer in answers] == [[(285714286,)]]


def test_a_damaged_file_is_said_in_words(release: Release, tmp_path) -> None:
    folder = tmp_path / "data" / "marts" / "releases" / release.manifest["release_id"]
    folder.mkdir(parents=True)
    (folder / "release.json").write_bytes((release.data / "marts" / "release.json").read_bytes())
    (folder / "carbon.duckdb").write_bytes(release.database.read_bytes()[:5000])
    (tmp_path / "data" / "marts" / "live").symlink_to(f"releases/{folder.name}")
    with pytest.raises(QueryRefused, match=r"查询未能运行.* \| the query did not run"):
        Reader(load_settings(data=tmp_path / "data")).ask("select 1")


def test_a_port_that_is_taken_and_an_empty_folder_are_said_in_words(port: int, release: Release, tmp_path) -> None:
    taken = carbon("serve", "--port", str(port), "--data", release.data)
    assert taken.returncode == 1 and "--port" in taken.stderr and "Traceback" not in taken.stderr
    empty = carbon("serve", "--port", str(free_port()), "--data", tmp_path)
    assert empty.returncode == 1 and "还没有已发布的版本" in empty.stderr
