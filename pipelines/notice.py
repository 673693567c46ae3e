"""The notice after each night, to an address in the user's own network: a webhook, a mail, or nothing.

A notice that cannot be sent is said and logged; it never changes how the night ended.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from urllib.parse import urlsplit

import requests

from pipelines.failure import explain
from pipelines.settings import Notices

_SECONDS = 15   # an address that does not answer holds nothing up for long
_OUTCOME_ZH = {
    "published": "已发布", "sealed": "已封存", "nothing_new": "没有新内容", "failed": "失败", "partial": "只运行了部分步骤",
}


@dataclass(frozen=True)
class Notice:
    """What is told of a night.

    refused, accepted_in_part: deliveries judged in this night; overdue: sources whose delivery has fallen due and is not in, by the
    live release (None = there is none to ask); killed: earlier nights that were found to have ended without a word.
    """

    outcome: str
    exit_status: int
    knowledge_date: str
    started: str
    ended: str
    release_id: str | None
    refused: int
    accepted_in_part: int
    rows_quarantined: int
    overdue: list[str] | None
    host: str
    data: str
    reason: dict[str, str] | None = None
    killed: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """One line, the outcome first."""
        return f"[carbon] {_OUTCOME_ZH.get(self.outcome, self.outcome)} {self.outcome} {self.knowledge_date} {self.host}"

    @property
    def text(self) -> str:
        """The mail's text."""
        overdue = "未知 unknown" if self.overdue is None else ", ".join(self.overdue) or "无 none"
        lines = [
            f"结果 outcome: {_OUTCOME_ZH.get(self.outcome, self.outcome)} | {self.outcome} (exit status {self.exit_status})",
            f"知识截止日 knowledge date: {self.knowledge_date}",
            f"版本 release: {self.release_id or '-'}",
            f"退回 refused: {self.refused}; 部分入库 accepted in part: {self.accepted_in_part}; 隔离行 rows quarantined: {self.rows_quarantined}",
            f"逾期 overdue: {overdue}",
            f"开始 started: {self.started}; 结束 ended: {self.ended}",
            f"主机 host: {self.host}; 数据 data: {self.data}",
        ]
        if self.reason:
            lines.insert(1, f"原因 reason: {self.reason['zh']} | {self.reason['en']}")
        lines += [f"此前中断的一夜 an earlier night was cut off: {night}" for night in self.killed]
        return "\n".join(lines) + "\n"


def send(notices: Notices, notice: Notice, say: Callable[[str], None]) -> None:
    """Send the notice wherever the settings say. What fails is said."""
    for ways, sender in ((notices.webhook, _post), (notices.smtp_host, _mail)):
        if not ways:
            continue
        try:
            sender(notices, notice)
        except (OSError, smtplib.SMTPException) as error:   # requests' exceptions are OSErrors
            zh, en = _why(error)
            say(f"通知未能送达 {_address(notices, sender)}：{zh} | the notice did not reach {_address(notices, sender)}: {en}")


def _post(notices: Notices, notice: Notice) -> None:
    assert notices.webhook is not None
    body = json.dumps({"text": f"{notice.subject}\n{notice.text}", **asdict(notice)}, ensure_ascii=False).encode()
    with requests.Session() as session:
        session.trust_env = False   # proxies and .netrc are no settings of ours: the address is in the user's own network
        answer = session.post(
            notices.webhook.get_secret_value(), data=body, timeout=_SECONDS, allow_redirects=False, headers={"Content-Type": "application/json; charset=utf-8"}
        )
        if not 200 <= answer.status_code < 300:
            raise requests.HTTPError(f"HTTP {answer.status_code}")


def _mail(notices: Notices, notice: Notice) -> None:
    assert notices.smtp_host is not None and notices.sender is not None
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = notice.subject, notices.sender, ", ".join(notices.to)
    message.set_content(notice.text)
    context = ssl.create_default_context()
    if notices.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(notices.smtp_host, notices.smtp_port, timeout=_SECONDS, context=context)
    else:
        server = smtplib.SMTP(notices.smtp_host, notices.smtp_port, timeout=_SECONDS)
    with server:
        if notices.smtp_security == "starttls":
            server.starttls(context=context)
        if notices.smtp_user and notices.smtp_password:
            server.login(notices.smtp_user, notices.smtp_password.get_secret_value())
        server.send_message(message)


def _address(notices: Notices, sender: Callable[[Notices, Notice], None]) -> str:
    """Where it should have gone, without what may be a secret in it."""
    if sender is _mail:
        return f"{notices.smtp_host}:{notices.smtp_port}"
    assert notices.webhook is not None
    where = urlsplit(notices.webhook.get_secret_value())
    return f"{where.scheme}://{where.hostname}" + (f":{where.port}" if where.port else "")


def _why(error: Exception) -> tuple[str, str]:
    """The kind of failure; never the error's own text where it may repeat the address."""
    if isinstance(error, requests.HTTPError):
        return f"对方答复 {error}", f"it answered {error}"
    if isinstance(error, requests.Timeout | TimeoutError):
        return "未在限时内答复", "it did not answer in time"
    if isinstance(error, requests.exceptions.SSLError | ssl.SSLError):
        return "证书或加密不被接受", "its certificate or encryption is not accepted"
    if isinstance(error, requests.ConnectionError | ConnectionError):
        return "无法连接", "it cannot be reached"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"邮件服务器答复 {error.smtp_code}", f"the mail server answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPException):
        return f"邮件服务器未接受（{type(error).__name__}）", f"the mail server did not accept it ({type(error).__name__})"
    if isinstance(error, requests.RequestException):
        return f"请求失败（{type(error).__name__}）", f"the request failed ({type(error).__name__})"
    why = explain(error)
    return why.zh, why.en
