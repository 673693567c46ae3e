# Thin aliases: every line calls one command that also works by itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# the one default inbox: where `make demo` delivers is where `carbon nightly` and the schedule read
DEMO_INBOX ?= $(or $(CARBON_INBOX),$(or $(CARBON_DATA),data)/inbox)
DEMO_OPTIONS ?=
# the day of the demo's night: after the last month is due, so that nothing is overdue by years; empty = today
DEMO_UNTIL ?= 2025-12
DEMO_AS_OF ?= 2026-01-25
HOST ?= 127.0.0.1
PORT ?= 3000

.PHONY: help setup setup-browser demo nightly test test-fast check ui sources dictionary picture shots method-check lock bench check-versions clean

help:  ## 列出各目标 | list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) | data/inbox  ## 建立虚拟环境并按锁定版本安装 | make the virtual environment from the locked requirements

$(STAMP): requirements.lock pyproject.toml
	@echo "[1/2] 建立虚拟环境 | making the virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11+ is needed")'
	@$(PYTHON) -m venv $(VENV) || { echo "需要 venv 模块（Debian: apt install python3-venv） | the venv module is needed (Debian: apt install python3-venv)"; exit 1; }
	@echo "[2/2] 安装锁定的依赖，约 1-2 分钟 | installing the locked requirements, 1-2 minutes"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock 2> >(grep -v '^WARNING: Location' >&2)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2> >(grep -v '^WARNING: Location' >&2)
	@$(BIN)/python -m compileall -q pipelines
	@touch $@

data/inbox:
	@mkdir -p $@

setup-browser:  ## 安装页面检验与配图所用的浏览器（Debian，需要管理员权限） | install the browser for tests of pages and for pictures (Debian, needs root)
	@test -x /usr/bin/chromium || { apt-get update -q && apt-get install -y -q chromium fonts-noto-cjk; }

demo: setup  ## 生成演示省并运行一夜，直到发布 | generate the synthetic province and run the night to a release
	@echo "生成演示省（演示数据） | generating the synthetic province in $(DEMO_INBOX)"
	@$(BIN)/carbon demo --out "$(DEMO_INBOX)" --until $(DEMO_UNTIL) $(DEMO_OPTIONS)
	@echo "运行一夜，知识截止日 $(DEMO_AS_OF) | running the night of $(DEMO_AS_OF)"
	@$(BIN)/carbon nightly --inbox "$(DEMO_INBOX)" $(if $(DEMO_AS_OF),--as-of $(DEMO_AS_OF)) || test $$? -eq 3

nightly: setup  ## 处理收件箱中新的上报 | process what is new in the inbox
	@$(BIN)/carbon nightly

# in the order of the folders: what takes long comes first, and neither process waits at the end for the other
test: setup  ## 运行全部测试 | run all tests
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-fast: setup  ## 不跑夜间任务、Dagster、dbt 的测试 | the tests without nights, Dagster and dbt
	@$(BIN)/python -m pytest tests --fast --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: setup  ## 静态检查：ruff、类型、导入规则、dbt 解析 | static checks
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pipelines.transform.build

ui: setup  ## 启动 Dagster 网页与守护进程（HOST=、PORT=） | start Dagster's webserver and daemon
	@$(BIN)/python -m pipelines.defs.serve --host $(HOST) --port $(PORT)

sources: setup  ## 由约定重写 dbt 源定义 | rewrite the dbt sources from the contracts
	@$(BIN)/python -m pipelines.contracts.dbt_sources

dictionary: setup  ## 由约定重写数据字典 | rewrite the data dictionary from the contracts
	@$(BIN)/python -m pipelines.contracts.dictionary

picture: setup  ## 由导入与清单重画 docs/architecture.md 的图 | draw the pictures of docs/architecture.md anew
	@$(BIN)/python -m pipelines.transform.picture

shots: setup setup-browser  ## 由当前发布版本重拍 docs/pictures 的图 | take the pictures of docs/pictures anew from the live release
	@$(BIN)/python bench/shots.py

method-check: setup  ## 由当前发布版本重算核对表 | recompute the published check from the live release
	@$(BIN)/python -m pipelines.publish.method_check

lock:  ## 重新锁定依赖（需要 uv） | lock the requirements anew (needs uv)
	uv pip compile --quiet --no-emit-index-url --no-emit-find-links --no-strip-extras --no-header --generate-hashes --universal --python-version 3.11 --all-extras pyproject.toml -o requirements.lock

bench: setup  ## 测量演示省一夜、千万条读数的关口、很大与很多的上报 | measure the night, the gate on ten million readings, very large and very many deliveries
	@$(BIN)/python bench/night.py
	@$(BIN)/python bench/meter_gate.py
	@$(BIN)/python bench/large_inbox.py

check-versions: setup  ## 用允许的最旧与最新 DuckDB、不同线程数各跑一夜，比对全部哈希 | a night under the oldest and newest DuckDB allowed, all hashes compared
	@$(BIN)/python bench/duckdb_versions.py

clean:  ## 删除一切生成物（不含收到的数据） | remove what was generated, not what was received
	@rm -rf dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache
