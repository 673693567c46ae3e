"""The tables of the registry, and how a registry of an earlier day comes to have them."""

from __future__ import annotations

SCHEMA = """
create table if not exists batch (
  batch_id text primary key, source text not null, file_name text not null, sha256 text not null, size integer not null,
  received_at text not null, received_basis text not null, is_synthetic integer not null, is_published integer not null,
  document text, document_date text, sender text, licence text, suffix text not null, first_seen text not null,
  problem_id text, problem_zh text, problem_en text);
create table if not exists path_seen (
  source text not null, file_name text not null, batch_id text not null, first_seen text not null,
  primary key (source, file_name, batch_id));
create table if not exists verdict (
  batch_id text primary key, suite_version text not null, rows_received integer not null,
  refused_by text, reason_zh text, reason_en text,
  passes_from text, waiting integer not null, quantity_received real, quantity_quarantined real, sheet text,
  first_night text not null);
create table if not exists check_result (
  batch_id text not null, check_id text not null, severity text not null, passed integer not null,
  rows_failed integer not null, suite_version text not null, primary key (batch_id, check_id));
create table if not exists known_rows (
  batch_id text not null, known_at text not null, rows integer not null, primary key (batch_id, known_at));
create table if not exists decided (
  batch_id text not null, version text not null, holds_from text not null, holds_until text,
  verdict text not null, checks text not null, known_rows text not null, rows text not null,
  primary key (batch_id, holds_from));
create table if not exists decided_mark (batch_id text primary key, mark text not null);
create table if not exists decision_effect (
  batch_id text not null, version text not null, decision_id text not null, row_no integer, check_id text not null,
  column_name text, reported_value text, used_value text, state text not null);
create table if not exists finding_span (
  batch_id text not null, row_no integer not null, check_id text not null, source text not null, uscc text, period text,
  seen_from text not null, seen_until text, primary key (batch_id, row_no, check_id, seen_from));
"""
# Changes of the schema since the first registry, in order; each runs once in a registry (`pragma user_version` counts them).
# Only ever append.
MIGRATIONS: tuple[str, ...] = (
    # size and time of change of each received copy when its SHA-256 was last found right
    "create table kept_copy (batch_id text primary key, size integer not null, mtime_ns integer not null)",
    # what each sidecar of a batch said, in the order in which it was seen (`number`)
    """create table sidecar_seen (
      number integer primary key, batch_id text not null, file_name text not null, seen_from text not null,
      received_at text not null, received_basis text not null, is_synthetic integer not null,
      document text, document_date text, sender text, licence text, sha256 text,
      problem_id text, problem_zh text, problem_en text)""",
    """insert into sidecar_seen (batch_id, file_name, seen_from, received_at, received_basis, is_synthetic, document, document_date,
        sender, licence, problem_id, problem_zh, problem_en)
      select batch_id, file_name, first_seen, received_at, received_basis, is_synthetic, document, document_date,
        sender, licence, problem_id, problem_zh, problem_en
      from batch where problem_id is null or problem_id in ('L05-sidecar', 'L18-checksum') order by batch_id""",
    """create table if not exists night (
      night_id text primary key, started text not null, ended text, outcome text not null, exit_status integer, knowledge_date text not null,
      release_id text, counts text, seconds_by_stage text, reason_zh text, reason_en text, how text not null, pid integer not null, host text not null)""",
    """create table release (
      release_id text not null, sha256 text not null, knowledge_date text not null, sealed_at text not null,
      previous_release_id text, previous_sha256 text, primary key (release_id, sha256))""",
    """create table promotion (
      number integer primary key, release_id text not null, promoted_at text not null, promoted_by text not null, note text not null,
      last_night text not null)""",
    """create table lake_file (
      path text primary key, kind text not null, source text not null, slice text, batch_id text not null,
      bytes integer not null, mtime_ns integer not null, sha256 text not null)""",
    "create index lake_file_batch on lake_file (batch_id)",
    """create table lake_rows (
      path text not null, known_at text not null, rows integer not null, quantity real, primary key (path, known_at))""",
    # batches that are being judged: what still stands here when a night begins was being judged when an earlier one was killed
    "create table judging (batch_id text primary key)",
    # a verdict in one line of text: two that say the same have the same mark
    """create view verdict_mark as
      select v.batch_id, v.rows_received || '|' || coalesce(v.refused_by, '') || '|' || coalesce(v.passes_from, '') || '|' || coalesce((
        select group_concat(known_at || '=' || rows, ' ') from (select * from known_rows as k where k.batch_id = v.batch_id order by known_at)), '') as mark
      from verdict as v""",
    "create table told (batch_id text primary key, mark text not null, release_id text not null, night text not null)",
    # what a registry of before this table holds was told by the nights that judged it
    "insert into told select batch_id, mark, '', '' from verdict_mark",
    # the period that a sidecar names, which is held against the rows
    "alter table batch add column period text",
    "alter table sidecar_seen add column period text",
    # received copies that are gone for good, and who let the nights go on without them
    "create table given_up (batch_id text primary key, given_up_at text not null, given_up_by text not null, note text not null)",
    # years that a signature closed, and who opened them again
    """create table year_closing (
      year integer not null, release_id text not null, knowledge_date text not null, closed_at text not null, closed_by text not null, note text not null,
      reopened_at text, reopened_by text, second_by text, reopened_note text, primary key (year, release_id))""",
)
