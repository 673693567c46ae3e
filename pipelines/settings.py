"""Paths and settings of a night. The only module that reads the environment, the settings file and the clock.

A value comes from the command's option, else from the environment (`CARBON_<KEY>`), else from the settings file
(`carbon.toml` in the project's folder, or the file that CARBON_SETTINGS names), else from the default.
"""

from __future__ import annotations

import csv
import difflib
import os
import re
import tomllib
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipelines.problem import UsageProblem

PROJECT = Path(__file__).resolve().parent.parent
TIME_ZONE = ZoneInfo("Asia/Shanghai")
ALWAYS_KNOWN = datetime(1900, 1, 1)   # rows that come with the project and carry no date

# No tool that we run may phone home.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


class SettingsError(UsageProblem):
    """A setting that cannot be used: names where it stands, its key, its value and what is allowed."""


def now() -> datetime:
    """This moment, with its offset: when nights begin and end. Never part of a computation."""
    return datetime.now(TIME_ZONE)


@dataclass(frozen=True)
class Notices:
    """Where the notice after each night goes; nowhere when neither a webhook nor an SMTP host is named."""

    webhook: SecretStr | None = None
    smtp_host: str | None = None
    smtp_port: int = 25
    smtp_security: str = "none"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    sender: str | None = None
    to: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Whether a notice goes anywhere."""
        return self.webhook is not None or self.smtp_host is not None


@dataclass(frozen=True)
class Settings:
    """Where a night reads and writes, and what it is allowed to know.

    Attributes:
        inbox: folder in which deliverers drop files; only read.
        data: root of everything that is written.
        knowledge_date: all of this day (Asia/Shanghai) is known, nothing later is.
        quarantine_limit: share of a load's rows above which the whole load is refused.
        settle_seconds: files changed more recently than this are left for the next night.
        keep_releases: earlier releases kept beside the live one; signed ones are always kept.
        common_gwp_set: the one GWP set of every total.
        home_division: first two digits that an enterprise's division code must have.
        lock_wait_minutes: how long a night waits for another one that holds the lock.
        clock_limit_days: days after the last night beyond which the clock is not believed.
        published_file_mode, published_folder_mode: permissions of everything below marts/, whatever the umask.
        keep_raw_days: days after which the received copy of a refused delivery is removed; None = never.
        downloads: whether a release has files to take away: CSV, XLSX, data package, dictionary, lineage.
        signing_key: PEM file of the Ed25519 key that signs every release; None = none is signed.
        keep_log_days, keep_run_days: days after which logs and Dagster's finished runs are removed.
        build_memory: memory of the build; above it DuckDB spills to disk.
        cron: when Dagster starts the night (Asia/Shanghai).
        notices: where the notice after each night goes.
        as_of_given: whether somebody asked for this knowledge date; else it is the clock's.
    """

    inbox: Path
    data: Path
    knowledge_date: date
    project: Path = PROJECT
    quarantine_limit: float = 0.5
    settle_seconds: float = 5.0
    keep_releases: int = 30
    common_gwp_set: str = "AR5"
    home_division: str = "52"
    as_of_given: bool = False
    lock_wait_minutes: float = 30.0
    clock_limit_days: int = 400
    published_file_mode: int = 0o444
    published_folder_mode: int = 0o755
    keep_raw_days: int | None = None
    signing_key: Path | None = None
    downloads: bool = True
    keep_log_days: int = 90
    keep_run_days: int = 90
    build_memory: str = "2GB"
    cron: str = "0 2 * * *"
    notices: Notices = Notices()
    started: datetime = field(default_factory=now)

    @property
    def knowledge_end(self) -> datetime:
        """The last moment known: wall clock Asia/Shanghai, without offset."""
        return datetime.combine(self.knowledge_date, time.max)

    @property
    def clock_day(self) -> date:
        """The day on which the night started, by this machine's clock, in Asia/Shanghai."""
        return self.started.astimezone(TIME_ZONE).date()

    @property
    def home_province(self) -> str:
        """The six digits of the home province."""
        return f"{self.home_division}0000"

    @property
    def published(self) -> Path:
        return self.project / "data" / "raw" / "published"

    @property
    def seeds(self) -> Path:
        return self.project / "dbt_project" / "seeds"

    @property
    def expectations(self) -> Path:
        return self.project / "expectations"

    @property
    def received(self) -> Path:
        return self.data / "raw" / "received"

    @property
    def validated(self) -> Path:
        return self.data / "validated"

    @property
    def quarantine(self) -> Path:
        return self.data / "quarantine"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse"

    @property
    def marts(self) -> Path:
        return self.data / "marts"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def registry(self) -> Path:
        return self.warehouse / "registry.sqlite"


def today() -> date:
    """Today in Asia/Shanghai: the default knowledge date, and the only use of the calendar."""
    return now().date()


# --- the keys ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meaning:
    """What a key is for, and what may stand there, in Chinese and English."""

    zh: str
    en: str
    allowed_zh: str
    allowed_en: str


def _known_gwp_set(name: str) -> str:
    if name != Settings.common_gwp_set and name not in gwp_sets():
        raise ValueError(f"{', '.join(gwp_sets())}")
    return name


def gwp_sets() -> list[str]:
    """The GWP sets of the factor table that comes with the project."""
    with (PROJECT / "data" / "raw" / "published" / "emission_factor" / "gwp.csv").open(encoding="utf-8-sig") as handle:
        return sorted({row["method_version"] for row in csv.DictReader(handle) if row["kind"] == "gwp"})


def _mode(must: int, must_not: int) -> AfterValidator:
    def check(text: str) -> str:
        mode = int(text, 8) if re.fullmatch(r"0[0-7]{3}", text) else -1
        if mode < 0 or mode & must != must or mode & must_not:
            raise ValueError(text)
        return text

    return AfterValidator(check)


def _webhook(value: SecretStr) -> SecretStr:
    address = urlsplit(value.get_secret_value())
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ValueError("no http address")
    return value


_CRON_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def _cron(text: str) -> str:
    """Five fields of numbers, `*`, ranges, steps and lists. Raises ValueError: Dagster would only say so when it starts."""
    parts = text.split()
    if len(parts) != len(_CRON_RANGES):
        raise ValueError(text)
    for part, (low, high) in zip(parts, _CRON_RANGES, strict=True):
        if not re.fullmatch(r"(\*|\d+(-\d+)?)(/[1-9]\d*)?(,(\*|\d+(-\d+)?)(/[1-9]\d*)?)*", part):
            raise ValueError(text)
        if any(not low <= int(number) <= high for number in re.findall(r"\d+", re.sub(r"/\d+", "", part))):
            raise ValueError(text)
    return text


def _listed(value: object) -> object:
    """Addresses as a list, or as one text with commas (as the environment gives them)."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


_Address = Annotated[str, Field(pattern=r"^[^\s@,]+@[^\s@,]+$")]
_SECRET = ("notice_webhook", "notice_smtp_password")   # never shown, also when they are wrong
_OFF_ZH, _OFF_EN = "；默认不发", "; off by default"


class _Keys(BaseSettings):
    """Every key of the settings file and its variable in the environment: the key in capitals after `CARBON_`."""

    model_config = SettingsConfigDict(env_prefix="CARBON_", env_ignore_empty=True, extra="forbid", hide_input_in_errors=True)

    inbox: Annotated[Path | None, Meaning("收件箱；默认为 data 下的 inbox", "inbox; the folder inbox below data by default", "文件夹路径", "path of a folder")] = None
    data: Annotated[Path, Meaning("数据根目录，一切写入都在其下", "root of everything written", "文件夹路径", "path of a folder")] = PROJECT / "data"
    keep_releases: Annotated[int, Field(ge=0), Meaning(
        "除当前与已签署的版本外保留几个发布版本", "releases kept beside the live and the signed ones", "0 或以上的整数", "a whole number, 0 or more")] = Settings.keep_releases
    quarantine_limit: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Meaning(
        "一批中不合格行超过此份额则整批退回；只用于此后的判定", "share of failed rows above which a delivery is refused; counts for what is judged from then on",
        "0 到 1 的小数", "a number from 0 to 1")] = Settings.quarantine_limit
    common_gwp_set: Annotated[str, AfterValidator(_known_gwp_set), Meaning(
        "各合计所用的 GWP 集", "the GWP set of every total", "因子表中的一个集：{gwp}", "a set of the factor table: {gwp}")] = Settings.common_gwp_set
    home_division: Annotated[str, Field(pattern=r"^[1-8][0-9]$"), Meaning(
        "本省行政区划代码的前两位", "first two digits of the home province's division code", '两位数字，如 "52"', 'two digits, such as "52"')] = Settings.home_division
    settle_seconds: Annotated[float, Field(ge=0, le=86400, allow_inf_nan=False), Meaning(
        "最近这么多秒内变动过的文件留待下夜 [s]", "files changed within so many seconds are left for the next night [s]",
        "0 到 86400 的数", "a number from 0 to 86400")] = Settings.settle_seconds
    lock_wait_minutes: Annotated[float, Field(ge=0, le=1440, allow_inf_nan=False), Meaning(
        "另一夜间任务运行时最多等多久 [min]", "how long a night waits for another one that is running [min]",
        "0 到 1440 的数；0 为不等", "a number from 0 to 1440; 0 = does not wait")] = Settings.lock_wait_minutes
    clock_limit_days: Annotated[int, Field(ge=1), Meaning(
        "时钟比上一夜晚这么多天以上时不予采信 [d]", "a clock so many days after the last night is not believed [d]",
        "1 或以上的整数", "a whole number, 1 or more")] = Settings.clock_limit_days
    published_file_mode: Annotated[str, _mode(0o400, 0o222), Meaning(
        "发布文件的权限", "permissions of published files", '四位八进制文字，本人可读、任何人不可写，如 "0444"',
        'a text of four octal digits, readable by its owner, writable by nobody, such as "0444"')] = f"{Settings.published_file_mode:04o}"
    published_folder_mode: Annotated[str, _mode(0o700, 0o002), Meaning(
        "发布文件夹的权限", "permissions of published folders", '四位八进制文字，本人可读写、他人不可写，如 "0755"',
        'a text of four octal digits, open to its owner, not writable by others, such as "0755"')] = f"{Settings.published_folder_mode:04o}"
    keep_raw_days: Annotated[int | None, Field(ge=1), Meaning(
        "被退回批次的原始副本保留天数 [d]；默认永久保留", "days that the received copy of a refused delivery is kept [d]; for ever by default",
        "1 或以上的整数", "a whole number, 1 or more")] = None
    signing_key: Annotated[Path | None, Meaning(
        "签署发布版本的 Ed25519 私钥（PEM）；默认不签", "private Ed25519 key (PEM) that signs every release; none by default", "文件路径", "path of a file")] = None
    downloads: Annotated[bool, Meaning(
        "每个版本附下载文件（CSV、XLSX、数据包、字典、模型血缘）", "every release has files to take away (CSV, XLSX, data package, dictionary, lineage of the models)",
        "true 或 false", "true or false")] = Settings.downloads
    keep_log_days: Annotated[int, Field(ge=1), Meaning(
        "夜间日志保留天数 [d]", "days that logs are kept [d]", "1 或以上的整数", "a whole number, 1 or more")] = Settings.keep_log_days
    keep_run_days: Annotated[int, Field(ge=1), Meaning(
        "Dagster 已结束运行的记录保留天数 [d]", "days that Dagster's finished runs and their events are kept [d]",
        "1 或以上的整数", "a whole number, 1 or more")] = Settings.keep_run_days
    build_memory: Annotated[str, Field(pattern=r"^[1-9][0-9]*(MB|GB)$"), Meaning(
        "计算可用的内存，超出则借用磁盘", "memory of the build; above it the disk is used", '如 "2GB"、"800MB"', 'such as "2GB" or "800MB"')] = Settings.build_memory
    cron: Annotated[str, AfterValidator(_cron), Meaning(
        "Dagster 何时开始夜间任务（北京时间）", "when Dagster starts the night (Asia/Shanghai)", '五段 cron，如 "0 2 * * *"', 'cron of five fields, such as "0 2 * * *"')] = Settings.cron
    notice_webhook: Annotated[SecretStr | None, AfterValidator(lambda v: v and _webhook(v)), Meaning(
        f"每夜之后向此地址 POST 一份 JSON{_OFF_ZH}", f"after each night a JSON is posted to this address{_OFF_EN}", "http 或 https 地址", "an http or https address")] = None
    notice_smtp_host: Annotated[str | None, Meaning(
        f"每夜之后经此邮件服务器发信{_OFF_ZH}", f"after each night a mail goes out by this server{_OFF_EN}", "主机名", "name of a host")] = None
    notice_smtp_port: Annotated[int, Field(ge=1, le=65535), Meaning("邮件服务器端口", "port of the mail server", "1 到 65535", "1 to 65535")] = Notices.smtp_port
    notice_smtp_security: Annotated[Literal["none", "starttls", "tls"], Meaning(
        "与邮件服务器的加密", "encryption towards the mail server", "none、starttls 或 tls", "none, starttls or tls")] = "none"
    notice_smtp_user: Annotated[str | None, Meaning("邮件服务器用户；须加密", "user at the mail server; needs encryption", "文字", "a text")] = None
    notice_smtp_password: Annotated[SecretStr | None, Meaning("邮件服务器口令，从不显示", "password at the mail server, never shown", "文字", "a text")] = None
    notice_from: Annotated[_Address | None, Meaning("发件人", "sender of the mail", "一个邮件地址", "a mail address")] = None
    notice_to: Annotated[tuple[_Address, ...], NoDecode, BeforeValidator(_listed), Meaning(
        "收件人", "recipients of the mail", "邮件地址的列表", "a list of mail addresses")] = ()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource, file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _File(settings_cls)


class _File(TomlConfigSettingsSource):
    """The settings file; its paths count from the folder that it lies in."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, settings_file())

    def __call__(self) -> dict[str, Any]:
        # a yes or no is no number: written out, so that `keep_releases = true` is refused instead of meaning 1
        found = {key: str(value).lower() if isinstance(value, bool) else value for key, value in super().__call__().items()}
        file = settings_file()
        for key in ("inbox", "data", "signing_key"):
            if file and isinstance(found.get(key), str):
                found[key] = file.absolute().parent / found[key]
        return found


def settings_file() -> Path | None:
    """The settings file, None when there is none. Raises SettingsError when CARBON_SETTINGS names one that is not there."""
    named = os.environ.get("CARBON_SETTINGS")
    if named is None:
        file = PROJECT / "carbon.toml"
        return file if file.exists() else None
    if named and not Path(named).is_file():
        raise SettingsError(f"CARBON_SETTINGS 所指的设置文件不存在：{named}", f"there is no settings file where CARBON_SETTINGS points: {named}")
    return Path(named) if named else None   # empty: none, whatever lies in the project's folder


@dataclass(frozen=True)
class Setting:
    """One key as it stands: source is `default`, `file`, `env` or `option`; a secret is not shown."""

    key: str
    value: str | int | float | list[str] | None
    source: str
    zh: str
    en: str


def load_settings(
    inbox: Path | None = None, data: Path | None = None, as_of: date | None = None, *, as_of_is_clock: bool = False
) -> Settings:
    """Settings from arguments, else the environment, else the settings file, else the defaults. Raises SettingsError.

    as_of_is_clock: the knowledge date comes from a clock (the tick of a schedule), not from somebody who chose it.
    """
    keys, _ = _read(inbox, data)
    root = keys.data.absolute()
    same = {f.name: getattr(keys, f.name) for f in fields(Settings) if f.name in _Keys.model_fields}
    modes = {name: int(same[name], 8) for name in ("published_file_mode", "published_folder_mode")}
    notices = Notices(
        keys.notice_webhook, keys.notice_smtp_host, keys.notice_smtp_port, keys.notice_smtp_security, keys.notice_smtp_user,
        keys.notice_smtp_password, keys.notice_from, keys.notice_to,
    )
    paths = {"data": root, "inbox": (keys.inbox or root / "inbox").absolute()}
    given = as_of is not None and not as_of_is_clock
    return Settings(**{**same, **modes, **paths, "knowledge_date": as_of or today(), "as_of_given": given, "notices": notices})


def list_settings(data: Path | None = None) -> list[Setting]:
    """Every key with its value, where that comes from, and what it means. Raises SettingsError."""
    keys, sources = _read(None, data)
    found = []
    for key in _Keys.model_fields:
        meaning = _meaning(key)
        value = getattr(keys, key)
        if key == "inbox" and value is None:
            value = keys.data / "inbox"
        if isinstance(value, SecretStr):
            value = "******"
        shown = str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        found.append(Setting(key, shown, sources.get(key, "default"), meaning.zh, meaning.en))
    return found


def unknown_variables() -> list[str]:
    """Variables that begin like ours and are none of our keys: a spelling mistake would otherwise go unseen."""
    known = {f"CARBON_{key.upper()}" for key in _Keys.model_fields} | {"CARBON_SETTINGS", "CARBON_BUILD_DB", "CARBON_BUILD_MEMORY_LIMIT", "CARBON_BUILD_THREADS"}
    return sorted(name for name in os.environ if name.startswith("CARBON_") and name not in known)


def _read(inbox: Path | None, data: Path | None) -> tuple[_Keys, dict[str, str]]:
    """The keys and, for those that do not have their default, where each comes from."""
    options: dict[str, Any] = {key: value for key, value in (("inbox", inbox), ("data", data)) if value is not None}
    file = settings_file()
    try:
        in_file = _File(_Keys)() if file else {}
        in_environment = EnvSettingsSource(_Keys)()
        sources = {**dict.fromkeys(in_file, "file"), **dict.fromkeys(in_environment, "env"), **dict.fromkeys(options, "option")}
        keys = _Keys(**options)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"设置文件 {file} 不是有效的 TOML：{error}", f"the settings file {file} is no valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"设置文件 {file} 不是 UTF-8 文字", f"the settings file {file} is not UTF-8 text") from error
    except ValidationError as error:
        raise _refusal(error, {**in_file, **in_environment}, sources, file) from error
    _fits_together(keys)
    return keys, sources


def _meaning(key: str) -> Meaning:
    return next(part for part in _Keys.model_fields[key].metadata if isinstance(part, Meaning))


def _refusal(error: ValidationError, values: dict[str, Any], sources: dict[str, str], file: Path | None) -> SettingsError:
    """All that is wrong with the settings, one sentence for each key."""
    zh, en = [], []
    for key in dict.fromkeys(str(found["loc"][0]) for found in error.errors()):
        if key not in _Keys.model_fields:
            near = difflib.get_close_matches(key, _Keys.model_fields, 1)
            zh.append(f"{file}：没有名为 {key} 的设置" + (f"，是否为 {near[0]}？" if near else "；全部设置见 carbon settings"))
            en.append(f"{file}: there is no setting {key}" + (f", is {near[0]} meant?" if near else "; carbon settings lists all"))
            continue
        meaning, sets = _meaning(key), ", ".join(gwp_sets())
        where = f"CARBON_{key.upper()}" if sources.get(key) == "env" else f"{file}: {key}"
        shown = "******" if key in _SECRET else repr(values.get(key))
        zh.append(f"{where} = {shown}：应为{meaning.allowed_zh.format(gwp=sets)}")
        en.append(f"{where} = {shown}: must be {meaning.allowed_en.format(gwp=sets)}")
    return SettingsError("；".join(zh), "; ".join(en))


def _fits_together(keys: _Keys) -> None:
    """Keys that need each other. Raises SettingsError."""
    if keys.notice_smtp_host and not (keys.notice_from and keys.notice_to):
        raise SettingsError("notice_smtp_host 须与 notice_from、notice_to 同时设置", "notice_smtp_host needs notice_from and notice_to beside it")
    if keys.notice_to and not keys.notice_smtp_host:
        raise SettingsError("notice_to 须与 notice_smtp_host 同时设置", "notice_to needs notice_smtp_host beside it")
    if bool(keys.notice_smtp_user) != bool(keys.notice_smtp_password):
        raise SettingsError("notice_smtp_user 与 notice_smtp_password 须同时设置", "notice_smtp_user and notice_smtp_password need each other")
    if keys.notice_smtp_user and keys.notice_smtp_security == "none":
        raise SettingsError("notice_smtp_user 须加密：notice_smtp_security 设为 starttls 或 tls，口令不以明文发送",
                            "notice_smtp_user needs notice_smtp_security starttls or tls: a password is not sent in the clear")


def parse_moment(text: str) -> datetime:
    """An ISO 8601 moment as Asia/Shanghai wall clock; a date means 00:00.

    Raises ValueError when the text is neither.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is not None:
        moment = moment.astimezone(TIME_ZONE).replace(tzinfo=None)
    return moment


def month_start(day: date) -> date:
    """The first day of that day's month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after that day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
