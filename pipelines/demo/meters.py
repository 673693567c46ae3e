"""Hourly readings of a few large users of electricity in the last months: they add up to what the enterprise reports as bought."""

from __future__ import annotations

import datetime as dt

import numpy as np

from pipelines.contracts.source import load_sources
from pipelines.demo.activity import Activity
from pipelines.demo.files import Delivery
from pipelines.demo.months import Window, first_day, label
from pipelines.demo.series import decimal_texts, positions

_ENTERPRISES = 8
_MONTHS = 2
_METERS = ("总表一", "总表二")


def meter_deliveries(window: Window, seed: int, activities: list[Activity]) -> list[Delivery]:
    """One file a month, in kWh; hours follow the shift, the last one takes the remainder."""
    users = [activity for activity in activities if activity.power_bought is not None and activity.power_bought.min() >= 1000]
    chosen = sorted(users, key=lambda activity: activity.enterprise.number)[:_ENTERPRISES]
    return [_month(window, seed, chosen, month) for month in window.delivered[-_MONTHS:] if chosen]


def _month(window: Window, seed: int, chosen: list[Activity], month: int) -> Delivery:
    rows = [row for activity in chosen for row in _readings(window, seed, activity, month)]
    after = first_day(month + 1)
    received = dt.datetime(after.year, after.month, 3, 7, 30)
    zh = load_sources()["meter_reading"].zh
    return Delivery(
        "meter_reading", f"演示_读数_{label(month)}", rows, received, label(month), "在线监测平台(演示数据)", f"演示数据 {zh} {label(month)}"
    )


def _readings(window: Window, seed: int, activity: Activity, month: int) -> list[list[str]]:
    assert activity.power_bought is not None
    place = positions("meter_reading")
    start = dt.datetime.combine(first_day(month), dt.time())
    hours = (dt.datetime.combine(first_day(month + 1), dt.time()) - start).days * 24
    total = round(activity.power_bought[month - window.computed_from] * 1000)   # kWh
    noise = np.random.default_rng([seed, activity.enterprise.number, month, 7]).random((hours, len(_METERS)))
    shift = 1 + 0.15 * np.sin((np.arange(hours) % 24 - 8) / 24 * 2 * np.pi)
    weights = shift[:, None] * (0.9 + 0.2 * noise) * np.array([0.6, 0.4])
    parts = np.floor(weights / weights.sum() * total).astype(np.int64)
    parts[-1, 0] += total - parts.sum()
    rows = []
    for meter, name in enumerate(_METERS):
        for hour, text in enumerate(decimal_texts(parts[:, meter].tolist(), 0)):
            row = [""] * len(place)
            row[place["uscc"]], row[place["meter_id"]], row[place["energy"]] = activity.enterprise.uscc, name, "电力"
            row[place["ts"]] = f"{start + dt.timedelta(hours=hour):%Y-%m-%d %H:%M}"
            row[place["value"]], row[place["unit"]] = text, "kWh"
            rows.append(row)
    return rows
