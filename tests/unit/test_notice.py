"""The notice after a night, against servers on this machine: what arrives, and what is said when nothing does."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from pipelines.night import open_night
from pipelines.notice import Notice, send
from pipelines.publish.problem import PublishError
from pipelines.settings import Notices, Settings, load_settings
from pipelines.warehouse.registry_reads import read_nights

NOTICE = Notice(
    outcome="published", exit_status=3, knowledge_date="2026-06-30", started="2026-06-30T02:00:00+08:00", ended="2026-06-30T02:10:00+08:00",
    release_id="20260630-abc", refused=2, accepted_in_part=1, rows_quarantined=7, overdue=["enterprise_energy"], host="h", data="/d",
)


class Hook:
    """A webhook that keeps what it gets and answers with `status`."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/night?key=SECRET"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()
    yield found
    found.server.shutdown()
    found.server.server_close()


class Mailbox(Message):
    def __init__(self) -> None:
        super().__init__()
        self.got: list[Any] = []

    def prepare_message(self, session: Any, envelope: Any) -> Any:
        return message_from_bytes(envelope.content, policy=default)

    def handle_message(self, message: Any) -> None:
        self.got.append(message)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_webhook_gets_the_facts_and_a_text(hook: Hook) -> None:
    said: list[str] = []
    send(Notices(webhook=SecretStr(hook.address)), NOTICE, said.append)
    (got,) = hook.got
    assert (got["outcome"], got["refused"], got["rows_quarantined"], got["overdue"], got["release_id"]) == ("published", 2, 7, ["enterprise_energy"], "20260630-abc")
    assert "已发布" in got["text"] and "enterprise_energy" in got["text"]
    assert said == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_yes_is_said_without_the_secret_and_not_followed(hook: Hook, status: int) -> None:
    said: list[str] = []
    hook.status = status
    send(Notices(webhook=SecretStr(hook.address)), NOTICE, said.append)
    assert len(hook.got) == 1
    assert f"HTTP {status}" in said[0] and "SECRET" not in said[0]


def test_a_mail_says_the_outcome_in_its_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        said: list[str] = []
        failed = replace(NOTICE, outcome="failed", release_id=None, reason={"zh": "磁盘已满", "en": "the disk is full"}, killed=["2026-06-29T02:00 pid 7 h"])
        send(Notices(smtp_host="127.0.0.1", smtp_port=server.port, sender="carbon@local.cn", to=("a@local.cn", "b@local.cn")), failed, said.append)
    finally:
        server.stop()
    (mail,) = box.got
    assert said == []
    assert mail["Subject"] == "[carbon] 失败 failed 2026-06-30 h" and mail["To"] == "a@local.cn, b@local.cn"
    text = mail.get_content()
    assert "磁盘已满 | the disk is full" in text and "逾期 overdue: enterprise_energy" in text and "cut off: 2026-06-29T02:00" in text


@pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made with openssl")
def test_a_mail_with_a_password_goes_over_an_encrypted_connection_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    seen: list[tuple[bytes, bytes, bool]] = []

    def check(_server: Any, session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        seen.append((data.login, data.password, session.ssl is not None))
        return AuthResult(success=True)

    box, said = Mailbox(), []
    server = Controller(box, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True, authenticator=check, auth_required=True)
    server.start()
    try:
        notices = Notices(smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="starttls", smtp_user="u",
                          smtp_password=SecretStr("SECRET"), sender="c@local.cn", to=("a@local.cn",))
        send(notices, NOTICE, said.append)
        assert "certificate" in said.pop() and not box.got, "a certificate that nobody vouches for"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        send(notices, NOTICE, said.append)
    finally:
        server.stop()
    assert said == [] and len(box.got) == 1
    assert seen == [(b"u", b"SECRET", True)]


@pytest.mark.parametrize("notices", [
    Notices(webhook=SecretStr("http://127.0.0.1:9/?key=SECRET")), Notices(smtp_host="127.0.0.1", smtp_port=9, sender="a@b", to=("c@d",)),
])
def test_nobody_there_is_said_and_raises_nothing(notices: Notices) -> None:
    said: list[str] = []
    send(notices, NOTICE, said.append)
    assert "cannot be reached" in said[0] and "127.0.0.1:9" in said[0] and "SECRET" not in said[0]


def test_nothing_is_sent_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    monkeypatch.setattr("pipelines.notice.send", lambda *_: pytest.fail("sent"))
    with open_night(load_settings(tmp_path / "inbox", tmp_path / "data"), lambda _: None):
        pass


def night_settings(tmp_path: Path, address: str) -> Settings:
    (tmp_path / "inbox").mkdir(exist_ok=True)
    return replace(load_settings(tmp_path / "inbox", tmp_path / "data"), notices=Notices(webhook=SecretStr(address)))


def test_a_failed_night_is_told_and_so_is_one_that_never_reached_its_registry(hook: Hook, tmp_path: Path) -> None:
    settings = night_settings(tmp_path, hook.address)
    with pytest.raises(PublishError), open_night(settings, lambda _: None):
        raise PublishError("未发布", "not published")
    settings.registry.write_bytes(b"garbage" * 500)
    with pytest.raises(Exception, match="damaged"), open_night(settings, lambda _: None):
        pass
    first, second = hook.got
    assert (first["outcome"], first["reason"]["en"], first["overdue"]) == ("failed", "not published", None)
    assert second["outcome"] == "failed" and "damaged" in second["reason"]["en"]


def test_a_notice_that_fails_changes_nothing_and_is_in_the_log(tmp_path: Path) -> None:
    settings, said = night_settings(tmp_path, "http://127.0.0.1:9/"), []
    with open_night(settings, said.append) as night:
        night.outcome = "nothing_new"
    assert [run.outcome for run in read_nights(settings.registry)] == ["nothing_new"]
    assert "the notice did not reach" in said[-1]
    (log,) = settings.logs.glob("night-*.log")
    assert "the notice did not reach" in log.read_text("utf-8")
