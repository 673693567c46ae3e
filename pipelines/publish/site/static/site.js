/* What a page does once it is open: language, theme, tables, charts, explanations. No request leaves the page; all data stand in it. */
(function () {
  'use strict';
  var root = document.documentElement, charts = [];
  function kept(name) { try { return localStorage.getItem('carbon-' + name); } catch (e) { return null; } }
  function keep(name, value) { try { localStorage.setItem('carbon-' + name, value); } catch (e) { /* private mode: the choice holds for this page */ } }
  function asked(name) { var m = new RegExp('[?&]' + name + '=([a-z]+)').exec(location.search); return m && m[1]; }
  root.dataset.lang = (asked('lang') || kept('lang')) === 'en' ? 'en' : 'zh';
  root.lang = root.dataset.lang === 'zh' ? 'zh-CN' : 'en';
  var dark = window.matchMedia('(prefers-color-scheme:dark)');
  function theme() { var t = asked('theme') || kept('theme'); return t === 'dark' || t === 'light' ? t : dark.matches ? 'dark' : 'light'; }
  root.dataset.theme = theme();
  function lang() { return root.dataset.lang === 'zh' ? 0 : 1; }
  function w(words) { return Array.isArray(words) ? words[lang()] : words; }
  function T(zh, en) { return lang() ? en : zh; }
  function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }
  function colour(name) { return getComputedStyle(root).getPropertyValue('--' + name).trim(); }
  function shown(node) { // the words of a cell in the language at hand
    var spans = node.querySelectorAll('i[lang]');
    if (!spans.length) return node.textContent.trim();
    var copy = node.cloneNode(true), other = lang() ? 'zh' : 'en';
    all('[lang=' + other + ']', copy).forEach(function (s) { s.remove(); });
    return copy.textContent.trim();
  }
  function spelled(title) { // a title of both languages, `中文 | English`
    return function (element) { var t = element.dataset[title]; if (t) element.setAttribute(title === 'label' ? 'aria-label' : title, t.split(' | ')[lang()] || t); };
  }

  // --- tables -----------------------------------------------------------------------------------------------------------
  function number(text) {
    var t = text.replace(/[,\s≤%+]/g, '').replace('−', '-');
    return t === '' || t === '—' || isNaN(t) ? null : Number(t);
  }
  function make(tag, look, words) {
    var e = document.createElement(tag);
    if (look) e.className = look;
    if (Array.isArray(words)) words.forEach(function (text, i) { var span = document.createElement('i'); span.lang = i ? 'en' : 'zh'; span.textContent = text; e.appendChild(span); });
    else if (words !== undefined) e.textContent = words;
    return e;
  }
  function button(look, words) { var b = make('button', look, words); b.type = 'button'; return b; }
  function fileName(place) { return location.pathname.split('/').slice(-2).join('-').replace(/\.html$/, '').replace(/^site-/, '') + '-' + place; }
  function table(box, place) {
    var element = box.querySelector('table'), body = element.tBodies[0], rest = box.querySelector('template'), opened = !rest, filter, more;
    var bar = make('div', 'tbar'), count = make('span', 'count', box.dataset.n), told = make('span', 'soft');
    if (box.dataset.f) {
      var label = make('label', '', ['筛选 ', 'Filter ']);
      filter = make('input'); filter.type = 'search'; filter.dataset.placeholder = box.dataset.f; label.appendChild(filter); bar.appendChild(label);
    }
    told.appendChild(count); told.appendChild(make('span', '', [' 行', ' rows'])); bar.appendChild(told);
    if (rest) { more = button('more', ['全部显示', 'Show all']); bar.appendChild(more); }
    var save = button('csv', 'CSV'); bar.appendChild(save); box.insertBefore(bar, box.firstChild);
    all('thead th', element).forEach(function (h) { var b = button('', undefined); while (h.firstChild && h.firstChild.tagName !== 'SMALL') b.appendChild(h.firstChild); h.insertBefore(b, h.firstChild); });
    function open() { if (!opened) { body.appendChild(rest.content); opened = true; if (more) more.hidden = true; link(box); } }
    function tell() {
      var rows = all('tr', body), visible = rows.filter(function (r) { return !r.hidden; }).length;
      count.textContent = filter && filter.value ? visible + ' / ' + rows.length : box.dataset.n;
    }
    if (filter) filter.addEventListener('input', function () {
      open();
      var words = filter.value.toLowerCase().split(/\s+/);
      all('tr', body).forEach(function (row) {
        var text = row.textContent.toLowerCase();
        row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
      });
      tell();
    });
    if (more) more.addEventListener('click', open);
    all('thead th button', box).forEach(function (button) {
      button.addEventListener('click', function () {
        open();
        var head = button.closest('th'), place = head.cellIndex, down = head.getAttribute('aria-sort') === (head.classList.contains('n') ? 'descending' : 'ascending');
        var sign = (head.classList.contains('n') ? -1 : 1) * (down ? -1 : 1);
        all('th', head.parentNode).forEach(function (h) { h.removeAttribute('aria-sort'); });
        head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
        var rows = all('tr', body).map(function (row, order) {
          var text = shown(row.cells[place]);
          return { row: row, number: number(text), text: text, order: order };
        });
        rows.sort(function (a, b) { // what is not known comes last, whichever way
          if ((a.text === '—') !== (b.text === '—')) return a.text === '—' ? 1 : -1;
          var d = a.number !== null && b.number !== null ? a.number - b.number : a.text.localeCompare(b.text, 'zh');
          return sign * d || a.order - b.order;
        });
        rows.forEach(function (r) { body.appendChild(r.row); });
      });
    });
    save.addEventListener('click', function () { open(); csv(element, fileName(place + 1)); });
  }
  function quoted(text) { // a cell that a spreadsheet would run is told as text
    if (/^[=@\t\r]/.test(text) || (/^[+-]/.test(text) && number(text) === null)) text = "'" + text;
    return '"' + text.replace(/"/g, '""') + '"';
  }
  function csv(element, name) {
    var lines = all('tr', element).filter(function (r) { return !r.hidden; }).map(function (row) {
      return Array.prototype.map.call(row.cells, function (cell) { return quoted(shown(cell)); }).join(',');
    });
    var link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob(['\ufeff' + lines.join('\r\n') + '\r\n'], { type: 'text/csv' }));
    link.download = name + '.csv';
    document.body.appendChild(link); link.click(); link.remove();
  }
  function link(box) { // every figure of a table leads to how it comes about: the column's entry, with the row's key
    var element = box.querySelector('table[data-explain]');
    if (!element) return;
    var names = all('thead tr:last-child th', element).map(function (h) { return h.dataset.c || ''; });
    all(element.dataset.k ? 'tbody tr' : 'tbody tr[data-k]', element).forEach(function (row) {
      Array.prototype.forEach.call(row.cells, function (cell, place) {
        var text = cell.textContent.trim();
        if (!names[place] || cell.querySelector('a') || text === '—' || text === '') return;
        var a = document.createElement('a');
        a.className = 'fig'; a.href = element.dataset.explain + '#' + names[place] + ';' + encodeURIComponent(row.dataset.k || element.dataset.k);
        while (cell.firstChild) a.appendChild(cell.firstChild);
        cell.appendChild(a);
      });
    });
  }

  // --- charts -----------------------------------------------------------------------------------------------------------
  var LIGHT = ['#0b7a5b', '#d9822b', '#3c78c8', '#a8456b', '#7a8c1e', '#6f5aa8', '#12838f', '#b08a10', '#8a6a5c', '#5f7480', '#c05252', '#4a9a6a'];
  var DARK = ['#4fc49c', '#eda65c', '#7fb0f0', '#e087ab', '#b9cc55', '#b09ae4', '#5fc7d1', '#dcbc4c', '#c3a496', '#a3b6c1', '#ee8f8f', '#86cfa5'];
  var MAP = { light: ['#f4ead2', '#f3c98b', '#e58a4b', '#c4482a', '#7f1a16'], dark: ['#33291a', '#6b4a22', '#a3602a', '#d2683a', '#ffa27a'] };
  function palette() { return root.dataset.theme === 'dark' ? DARK : LIGHT; }
  function scaled(spec) { // tonnes in tens of thousands where they are many
    var most = 0;
    (spec.s || []).forEach(function (s) { if (!s.y2) s.d.forEach(function (v) { if (v !== null && Math.abs(v) > most) most = Math.abs(v); }); });
    (spec.rows || []).forEach(function (r) { var v = Math.abs(r[spec.v || 1]); if (v > most) most = v; });
    return spec.t && most >= 1e5 ? { by: 1e4, unit: T('万', '10⁴ ') + w(spec.u) } : { by: 1, unit: w(spec.u) };
  }
  function said(v, by) {
    if (v === null || v === undefined || v === '-') return '—';
    var x = v / (by || 1), size = Math.abs(x);
    return x.toLocaleString('en-US', { maximumFractionDigits: size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4 });
  }
  function base() {
    var ink = colour('ink'), soft = colour('soft'), line = colour('line');
    return {
      animation: false, aria: { enabled: false }, color: palette(), backgroundColor: 'transparent',
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
      grid: { left: 8, right: 14, top: 58, bottom: 6, containLabel: true },
      tooltip: { confine: true, backgroundColor: colour('paper'), borderColor: line, textStyle: { color: ink, fontSize: 12 }, extraCssText: 'box-shadow:0 2px 8px rgba(0,0,0,.15);max-width:26rem;white-space:normal' },
      legend: { type: 'scroll', top: 0, left: 'center', itemWidth: 18, itemHeight: 9, textStyle: { color: ink, fontSize: 12 }, pageTextStyle: { color: soft }, pageIconColor: ink }
    };
  }
  function axis(more) {
    return Object.assign({ axisLine: { lineStyle: { color: colour('soft') } }, axisTick: { show: false }, axisLabel: { color: colour('soft'), fontSize: 11.5, hideOverlap: true },
      splitLine: { lineStyle: { color: colour('line') } }, nameTextStyle: { color: colour('soft'), fontSize: 11.5, align: 'left' } }, more);
  }
  function escape(text) { return String(text).replace(/[&<>"']/g, function (c) { return '&#' + c.charCodeAt(0) + ';'; }); }
  var draw = {};
  draw.xy = function (spec) {
    var o = base(), sc = scaled(spec), flat = spec.flat;
    var category = axis({ type: 'category', data: spec.x.map(w), splitLine: { show: false }, inverse: !!flat });
    if (flat) category.axisLabel = Object.assign({}, category.axisLabel, { width: 150, overflow: 'truncate', hideOverlap: false, interval: 0 });
    var value = axis({ type: 'value', name: sc.unit, axisLabel: { color: colour('soft'), fontSize: 11.5, formatter: function (v) { return said(v, sc.by); } }, scale: !!spec.fit });
    if (flat) { value.nameLocation = 'end'; value.name = ''; o.grid.right = 60; o.grid.top = spec.s.length > 1 ? 34 : spec.mark ? 20 : 8; }
    o[flat ? 'yAxis' : 'xAxis'] = category;
    var second = spec.s.some(function (s) { return s.y2; });
    o[flat ? 'xAxis' : 'yAxis'] = second ? [value, axis({ type: 'value', name: w(spec.u2), nameTextStyle: { color: colour('soft'), align: 'right' }, scale: true, splitLine: { show: false } })] : value;
    if (spec.s.length < 2) { o.legend = undefined; if (!flat) o.grid.top = 34; }
    o.series = [];
    spec.s.forEach(function (s, place) {
      var c = palette()[(s.c === undefined ? place : s.c) % 12], name = w(s.n);
      if (s.t === 'band') { // from one known point to the next: what is not known has no band
        o.series.push({ name: name, type: 'custom', silent: true, itemStyle: { color: c }, encode: { x: 0, y: [1, 2] }, clip: true, z: 1,
          data: s.d.map(function (v, i) { return [i, v === null ? NaN : v, s.h[i] === null ? NaN : s.h[i]]; }),
          renderItem: function (params, api) {
            var i = params.dataIndex, low = s.d[i], high = s.h[i], next = s.d[i + 1], above = s.h[i + 1];
            if ([low, high, next, above].some(function (v) { return v === null || v === undefined; })) return;
            return { type: 'polygon', shape: { points: [api.coord([i, low]), api.coord([i + 1, next]), api.coord([i + 1, above]), api.coord([i, high])] }, style: { fill: c, opacity: .22 } };
          } });
        return;
      }
      var one = { name: name, type: s.t === 'bar' ? 'bar' : 'line', data: s.d.map(function (v) { return v === null ? '-' : v; }), itemStyle: { color: c } };
      if (s.t === 'bar') { one.barMaxWidth = flat ? 16 : 34; one.stack = s.k || undefined; if (flat && spec.s.length === 1) one.label = { show: true, position: 'right', color: colour('ink'), fontSize: 11, formatter: function (p) { return said(p.value, sc.by); } }; }
      else { one.symbolSize = 5; one.symbol = s.d.length > 40 ? 'none' : 'circle'; one.lineStyle = { width: 2, color: c, type: s.t === 'dash' ? 'dashed' : 'solid' }; one.connectNulls = s.t === 'dash'; if (s.t === 'area') { one.areaStyle = { opacity: .2, color: c }; } }
      if (s.y2) one.yAxisIndex = 1;
      if (place === 0 && spec.mark) one.markLine = { silent: true, symbol: 'none', lineStyle: { color: colour('bad'), type: 'dashed', width: 1.5 }, label: { color: colour('bad'), position: flat ? 'start' : 'insideEndTop', distance: flat ? 2 : 4, fontSize: 11.5 },
        data: spec.mark.map(function (m) { var d = { label: { formatter: w(m.n) } }; d[flat ? 'xAxis' : 'yAxis'] = m.v; return d; }) };
      o.series.push(one);
    });
    if (spec.href) o._href = function (p) { return spec.href[p.dataIndex]; };
    o.tooltip.trigger = 'axis';
    o.tooltip.axisPointer = { type: 'shadow' };
    o.tooltip.formatter = function (points) {
      var i = points[0].dataIndex, lines = spec.s.map(function (s, place) {
        if (s.d[i] === null) return '';
        var v = s.t === 'band' ? said(s.d[i], sc.by) + ' – ' + said(s.h[i], sc.by) : said(s.d[i], s.y2 ? 1 : sc.by);
        return '<br>' + escape(w(s.n)) + '：<b>' + v + '</b> ' + escape(s.y2 ? w(spec.u2) : sc.unit);
      });
      return '<b>' + escape(w(spec.x[i])) + '</b>' + lines.join('');
    };
    return o;
  };
  draw.map = function (spec) {
    var o = base(), sc = scaled(spec), values = spec.rows.map(function (r) { return r[2]; }).filter(function (v) { return v !== null; });
    echarts.registerMap('guizhou', window.carbonMap);
    o.legend = undefined;
    o.visualMap = { min: 0, max: Math.max.apply(null, values.concat([1])), left: 4, bottom: 8, calculable: false, itemHeight: 110, itemWidth: 12, text: [said(Math.max.apply(null, values.concat([1])), sc.by) + ' ' + sc.unit, '0'], textStyle: { color: colour('soft'), fontSize: 11.5 }, inRange: { color: MAP[root.dataset.theme] }, formatter: function (v) { return said(v, sc.by); } };
    var byCode = {}; spec.rows.forEach(function (r) { byCode[r[0]] = r; });
    var data = window.carbonMap.features.map(function (f) {
      var r = byCode[f.properties.code]; return { name: f.properties.code, value: r ? r[2] : NaN };
    });
    var short = function (p) { var r = byCode[p.name]; return r ? w(r[1]) + (r[2] === null ? T('\n无数据', '\nno data') : '') : ''; };
    o.series = [{ type: 'map', map: 'guizhou', nameProperty: 'code', data: data, roam: false, selectedMode: false, aspectScale: .9, layoutCenter: ['54%', '50%'], layoutSize: '104%', cursor: 'pointer',
      label: { show: true, color: colour('ink'), textBorderColor: colour('paper'), textBorderWidth: 2, fontSize: 11.5, formatter: short },
      itemStyle: { borderColor: colour('paper'), borderWidth: 1.2, areaColor: colour('line') }, emphasis: { label: { color: colour('ink') }, itemStyle: { areaColor: colour('mark'), borderColor: colour('accent'), borderWidth: 2 } } }];
    o.tooltip.formatter = function (p) { var r = byCode[p.name]; return r ? '<b>' + escape(w(r[4] || r[1])) + '</b><br>' + said(r[2], sc.by) + ' ' + escape(sc.unit) : ''; };
    o._href = function (p) { var r = byCode[p.name]; return r && r[3]; };
    return o;
  };
  draw.sankey = function (spec) {
    var o = base(), sc = scaled(spec);
    o.legend = undefined;
    o.series = [{ type: 'sankey', left: 4, right: Math.max(120, 11 * parseFloat(getComputedStyle(root).fontSize)), top: 8, bottom: 8, nodeGap: 9, nodeWidth: 14, draggable: false, layoutIterations: 64, emphasis: { focus: 'adjacency' },
      label: { color: colour('ink'), fontSize: 11.5, formatter: function (p) { return w(spec.nodes[+p.name]); } }, lineStyle: { color: 'gradient', opacity: .32, curveness: .5 },
      data: spec.nodes.map(function (n, i) { return { name: String(i), itemStyle: { color: palette()[i % 12] }, depth: spec.depth[i] }; }),
      links: spec.rows.map(function (r) { return { source: String(r[0]), target: String(r[1]), value: r[2] }; }) }];
    o.tooltip.formatter = function (p) {
      var name = p.dataType === 'edge' ? w(spec.nodes[+p.data.source]) + ' → ' + w(spec.nodes[+p.data.target]) : w(spec.nodes[+p.name]);
      return escape(name) + '<br><b>' + said(p.value, sc.by) + '</b> ' + escape(sc.unit);
    };
    return o;
  };
  draw.tree = function (spec) {
    var o = base(), sc = scaled(spec), groups = {}, order = [];
    spec.rows.forEach(function (r) { var g = w(r[0]); if (!groups[g]) { groups[g] = []; order.push(g); } groups[g].push({ name: w(r[1]), value: r[2], href: r[3] }); });
    o.legend = undefined;
    o.series = [{ type: 'treemap', roam: false, nodeClick: false, breadcrumb: { show: false }, left: 0, right: 0, top: 4, bottom: 4, label: { fontSize: 11.5, overflow: 'truncate', color: '#fff', textBorderColor: 'rgba(0,0,0,.45)', textBorderWidth: 2 },
      upperLabel: { show: true, height: 20, fontSize: 11.5, color: '#fff', textBorderColor: 'rgba(0,0,0,.45)', textBorderWidth: 2 }, levels: [{ itemStyle: { gapWidth: 3, borderWidth: 0, borderColor: colour('paper') }, upperLabel: { show: false } }, { itemStyle: { gapWidth: 1, borderWidth: 1 } }, { colorAlpha: [.72, .95], itemStyle: { borderColor: 'rgba(255,255,255,.35)' } }],
      data: order.map(function (g, i) { return { name: g, itemStyle: { color: LIGHT[i % 12], borderColor: LIGHT[i % 12] }, children: groups[g] }; }) }];
    o.tooltip.formatter = function (p) { return escape(p.name) + '<br><b>' + said(p.value, sc.by) + '</b> ' + escape(sc.unit); };
    o._href = function (p) { return p.data && p.data.href; };
    return o;
  };
  draw.fall = function (spec) { // a bridge: opening, what is added and taken off, closing
    var o = base(), sc = scaled(spec), at = 0, low = [], up = [], down = [], whole = [], ends = [];
    spec.rows.forEach(function (r) {
      var v = r[1];
      if (r[2]) { at = v; low.push(0); whole.push(v); up.push('-'); down.push('-'); }
      else { low.push(Math.min(at, at + v)); whole.push('-'); up.push(v >= 0 ? v : '-'); down.push(v < 0 ? -v : '-'); at += v; }
      ends.push(at);
    });
    var bar = function (name, data, c) { return { name: name, type: 'bar', stack: 'all', data: data, itemStyle: { color: c }, barMaxWidth: 36, label: { show: true, position: 'top', fontSize: 11, color: colour('ink'), formatter: function (p) { return said(spec.rows[p.dataIndex][1], sc.by); } } }; };
    o.series = [{ type: 'bar', stack: 'all', data: low, silent: true, itemStyle: { color: 'transparent' } },
      bar(T('合计', 'total'), whole, palette()[9]), bar(T('加', 'added'), up, palette()[1]), bar(T('减', 'taken off'), down, palette()[0])];
    o.legend.data = o.series.slice(1).map(function (s) { return s.name; });
    o.grid.bottom = 4;
    o.xAxis = axis({ type: 'category', data: spec.rows.map(function (r) { return w(r[0]); }), splitLine: { show: false }, axisLabel: { color: colour('soft'), fontSize: 11, interval: 0, rotate: 32, width: 110, overflow: 'truncate' } });
    o.yAxis = axis({ type: 'value', name: sc.unit, axisLabel: { color: colour('soft'), formatter: function (v) { return said(v, sc.by); } } });
    var least = Math.min.apply(null, ends.concat(low.filter(function (v, i) { return !spec.rows[i][2]; }))), most = Math.max.apply(null, ends);
    if (least > most * .5) { // what is added and taken off would be too thin to see: the axis begins below the lowest step
      var step = Math.pow(10, Math.floor(Math.log10(most)) - 1) * 5; o.yAxis.min = Math.floor((least - (most - least)) / step) * step; o.yAxis.name = sc.unit + T('（不从零开始）', ' (does not begin at zero)');
    }
    o.tooltip.trigger = 'axis';
    o.tooltip.formatter = function (points) { var r = spec.rows[points[0].dataIndex]; return '<b>' + escape(w(r[0])) + '</b><br>' + said(r[1], sc.by) + ' ' + escape(sc.unit) + (r[3] ? '<br>' + escape(w(r[3])) : ''); };
    return o;
  };
  draw.heat = function (spec) {
    var o = base(), most = 1;
    spec.rows.forEach(function (r) { if (r[2] > most) most = r[2]; });
    o.legend = undefined; o.grid = { left: 8, right: 10, top: 4, bottom: 44, containLabel: true };
    o.xAxis = axis({ type: 'category', data: spec.x, splitLine: { show: false } });
    o.yAxis = axis({ type: 'category', data: spec.y.map(w), inverse: true, axisLabel: { color: colour('ink'), fontSize: 11.5, width: window.innerWidth < 640 ? 110 : 260, overflow: 'truncate', interval: 0 } });
    o.visualMap = { min: 0, max: most, show: true, orient: 'horizontal', left: 'center', bottom: 0, itemWidth: 10, itemHeight: 90, calculable: false, textStyle: { color: colour('soft') }, inRange: { color: ['head', 'h1', 'h2', 'h3', 'h4', 'h5'].map(colour) } };
    o.series = [{ type: 'heatmap', data: spec.rows.map(function (r) { return r[2] ? { value: r, label: { color: r[2] > most * .55 ? '#fff' : colour('ink') } } : { value: r }; }), label: { show: spec.x.length <= 40, fontSize: 10.5, color: colour('soft') }, itemStyle: { borderColor: colour('paper'), borderWidth: 1.5 } }];
    o.tooltip.formatter = function (p) { return escape(w(spec.y[p.value[1]])) + '<br>' + escape(spec.x[p.value[0]]) + '：<b>' + p.value[2] + '</b> ' + escape(w(spec.u)); };
    o._href = function (p) { return spec.href && spec.href[p.value[1]]; };
    return o;
  };
  function months(x) { // months that follow each other come as the first and their number
    if (Array.isArray(x) || !x) return x;
    var first = x.from.split('-'), found = [];
    for (var i = 0; i < x.n; i++) { var m = +first[0] * 12 + +first[1] - 1 + i; found.push(Math.floor(m / 12) + '-' + ('0' + (m % 12 + 1)).slice(-2)); }
    return found;
  }
  function told(spec) { // what a chart shows, for whoever does not see it
    var parts, unit = w(spec.u);
    if (spec.k === 'xy') {
      parts = spec.s.slice(0, 4).map(function (s) {
        var known = s.d.map(function (v, i) { return [v, i]; }).filter(function (p) { return p[0] !== null; });
        if (!known.length) return '';
        var top = known.reduce(function (a, b) { return b[0] > a[0] ? b : a; }), last = known[known.length - 1];
        return w(s.n) + T('：末值 ', ': last ') + said(last[0]) + T('，最高 ', ', highest ') + said(top[0]) + T('（', ' (') + w(spec.x[top[1]]) + T('）', ')');
      });
    } else {
      parts = spec.rows.filter(function (r) { return r[spec.v]; }).sort(function (a, b) { return Math.abs(b[spec.v]) - Math.abs(a[spec.v]); }).slice(0, 4).map(function (r) {
        var name = spec.k === 'sankey' ? w(spec.nodes[r[0]]) + ' → ' + w(spec.nodes[r[1]]) : spec.k === 'heat' ? w(spec.y[r[1]]) + ' ' + spec.x[r[0]] : w(r[spec.k === 'fall' ? 0 : 1]);
        return name + ' ' + said(r[spec.v]);
      });
    }
    return w(spec.n) + T('（', ' (') + unit + T('）：', '): ') + parts.filter(Boolean).join(T('；', '; ')) + T('。数据见下方表格。', '. The table below has the data.');
  }
  function enlarged(option) { // letters of a chart grow with those of the page
    var by = parseFloat(getComputedStyle(root).fontSize) / 14.5;
    function grow(part) {
      Object.keys(part).forEach(function (key) {
        if (key === 'fontSize') part[key] *= by;
        else if (key !== 'data' && key !== 'links' && part[key] && typeof part[key] === 'object') grow(part[key]);
      });
    }
    if (by > 1.05) grow(option);
    return option;
  }
  function chart(box) {
    var spec = JSON.parse(box.nextElementSibling.textContent), drawn = null;
    if (spec.k === 'xy') spec.x = months(spec.x);
    function again() {
      if (drawn) drawn.dispose();
      var option = enlarged(draw[spec.k](spec)), href = option._href;
      delete option._href;
      drawn = echarts.init(box, null, { renderer: 'svg' });
      drawn.setOption(option);
      if (href) drawn.on('click', function (p) { var to = href(p); if (to) location.href = to; });
      box.setAttribute('aria-label', told(spec));
      box.dataset.drawn = '1';
    }
    again();
    charts.push({ again: again, resize: function () { drawn.resize(); } });
    var data = make('details', 'data'), name = make('summary', '', ['数据表', 'Data']);
    data.appendChild(name); box.parentNode.insertBefore(data, box.nextElementSibling.nextElementSibling);
    data.addEventListener('toggle', function () { if (data.open && !data.dataset.made) { data.dataset.made = '1'; listed(spec, data); } });
  }
  function listed(spec, data) { // the chart's data as a table, made when it is asked for
    var heads, rows;
    function two(name) { return Array.isArray(name) ? name : [name, name]; }
    if (spec.k === 'xy') {
      heads = [['', '']].concat(spec.s.map(function (s) { var n = two(s.n), u = two(s.y2 ? spec.u2 : spec.u); return [n[0] + '（' + u[0] + '）', n[1] + ' (' + u[1] + ')']; }));
      rows = spec.x.map(function (x, i) { return [x].concat(spec.s.map(function (s) { return s.t === 'band' ? said(s.d[i]) + ' – ' + said(s.h[i]) : said(s.d[i]); })); });
    } else if (spec.k === 'sankey') {
      heads = [['从', 'From'], ['到', 'To'], two(spec.u)];
      rows = spec.rows.map(function (r) { return [spec.nodes[r[0]], spec.nodes[r[1]], said(r[2])]; });
    } else if (spec.k === 'tree') {
      heads = [['组', 'Group'], ['名称', 'Name'], two(spec.u)]; rows = spec.rows.map(function (r) { return [r[0], r[1], said(r[2])]; });
    } else if (spec.k === 'map') {
      heads = [['地区', 'Area'], two(spec.u)]; rows = spec.rows.map(function (r) { return [r[4] || r[1], said(r[2])]; });
    } else if (spec.k === 'fall') {
      heads = [['原因', 'Cause'], two(spec.u)]; rows = spec.rows.map(function (r) { return [r[0], said(r[1])]; });
    } else {
      heads = [['', ''], ['', ''], two(spec.u)]; rows = spec.rows.filter(function (r) { return r[2]; }).map(function (r) { return [spec.y[r[1]], spec.x[r[0]], said(r[2])]; });
    }
    function cell(tag, words, right) {
      var c = document.createElement(tag), pair = two(words);
      if (right) c.className = 'n';
      if (pair[0] === pair[1]) c.textContent = pair[0];
      else pair.forEach(function (text, i) { var s = document.createElement('i'); s.lang = i ? 'en' : 'zh'; s.textContent = text; c.appendChild(s); });
      return c;
    }
    var t = document.createElement('table'), head = t.createTHead().insertRow(), body = t.createTBody();
    heads.forEach(function (h, i) { var c = cell(h[0] ? 'th' : 'td', h, i === heads.length - 1 || (i && spec.k === 'xy')); head.appendChild(c); });
    rows.forEach(function (r) { var row = body.insertRow(); r.forEach(function (v, i) { row.appendChild(cell('td', v, i === r.length - 1 || (i && spec.k === 'xy'))); }); });
    var scroll = document.createElement('div');
    scroll.className = 'scroll'; scroll.tabIndex = 0; scroll.setAttribute('role', 'region'); scroll.setAttribute('aria-label', T('图表数据', 'Data of the chart'));
    scroll.appendChild(t);
    var save = document.createElement('button'); save.type = 'button'; save.textContent = 'CSV'; save.addEventListener('click', function () { csv(t, fileName('chart')); });
    data.appendChild(save); data.appendChild(scroll);
  }

  // --- explanations: dictionary pages are asked for one figure by #column;key ---------------------------------------------
  function explained() {
    var box = document.getElementById('explained');
    if (!box) return;
    var parts = decodeURIComponent(location.hash.slice(1)).split(';'), row = parts[0] && document.getElementById(parts[0]);
    all('tr.target').forEach(function (r) { r.classList.remove('target'); });
    box.hidden = !(row && parts[1]);
    if (!row) return;
    row.classList.add('target');
    if (!parts[1]) return;
    var key = parts.slice(1).join(';');
    document.getElementById('figure').textContent = key;
    document.getElementById('what').replaceChildren.apply(document.getElementById('what'), all('.words', row)[0].cloneNode(true).childNodes);
    document.getElementById('command').textContent = key.indexOf('--') === 0 ? 'carbon explain ' + key : 'carbon explain --table ' + box.dataset.table + ' --column ' + parts[0] + ' --key ' + (/[\s'"&;<>|*?$()]/.test(key) ? "'" + key.replace(/'/g, "'\\''") + "'" : key);
    window.scrollTo(0, 0);
  }

  // --- the page ---------------------------------------------------------------------------------------------------------
  var titles;
  function listed_pages() { // pages of which there are many leave the list of pages and the foot to this
    all('nav.pages[data-here]').forEach(function (nav) {
      var area = document.querySelector('.areas a[aria-current]'), to = document.querySelector('.brand').getAttribute('href').replace('index.html', '');
      document.querySelector('footer').innerHTML = window.carbonFoot.split('{to}').join(to);
      window.carbonPages[area.dataset.area].forEach(function (p) { var a = make('a'); a.href = to + p[1]; a.innerHTML = p[2]; if (p[0] === nav.dataset.here) a.setAttribute('aria-current', 'true'); nav.appendChild(a); });
    });
  }
  function speak() {
    root.lang = lang() ? 'en' : 'zh-CN';
    ['title', 'label', 'placeholder'].forEach(function (name) { all('[data-' + name + ']').forEach(spelled(name)); });
    document.title = titles[lang()] || titles[0];
    var b = document.getElementById('lang'); if (b) { b.textContent = lang() ? '中文' : 'English'; }
    var t = document.getElementById('theme'); if (t) t.textContent = root.dataset.theme === 'dark' ? T('浅色', 'Light') : T('深色', 'Dark');
  }
  function redraw() { charts.forEach(function (c) { c.again(); }); }
  document.addEventListener('DOMContentLoaded', function () {
    var b = document.getElementById('lang'), t = document.getElementById('theme');
    if (b) b.addEventListener('click', function () { root.dataset.lang = lang() ? 'zh' : 'en'; keep('lang', root.dataset.lang); speak(); redraw(); });
    if (t) t.addEventListener('click', function () { root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark'; keep('theme', root.dataset.theme); speak(); redraw(); });
    dark.addEventListener('change', function () { root.dataset.theme = theme(); speak(); redraw(); });
    titles = document.title.split(' | ');
    listed_pages(); all('.table').forEach(function (box, place) { table(box, place); link(box); }); speak();
    var here = document.querySelector('.pages a[aria-current]'); if (here) here.parentNode.scrollLeft = here.offsetLeft - 60;
    all('.chart').forEach(chart);
    all('button.copy').forEach(function (button) {
      button.addEventListener('click', function () {
        var text = button.parentNode.querySelector('code').textContent;
        function done() { button.textContent = T('已复制', 'Copied'); }
        if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(done);
        else { var s = getSelection(), r = document.createRange(); r.selectNodeContents(button.parentNode.querySelector('code')); s.removeAllRanges(); s.addRange(r); document.execCommand('copy'); done(); }
      });
    });
    explained(); window.addEventListener('hashchange', explained);
    var wait = 0; window.addEventListener('resize', function () { clearTimeout(wait); wait = setTimeout(function () { charts.forEach(function (c) { c.resize(); }); }, 120); });
    window.addEventListener('beforeprint', function () { charts.forEach(function (c) { c.resize(); }); });
    root.dataset.ready = '1';
  });
})();
