{%- set sources = [
    ('enterprise_energy', 'int_current__energy', 'stg_enterprise_energy', 'consumed', 'activity_unit', ['unit_code', 'energy', 'stream'], "true"),
    ('enterprise_process', 'int_current__process', 'stg_enterprise_process', 'quantity', "''", ['unit_code', 'role', 'item', 'stream'], "role <> '参数'"),
    ('enterprise_power_heat', 'int_current__power_heat', 'stg_enterprise_power_heat', 'quantity', "carrier", ['unit_code', 'carrier', 'direction', 'origin'], "true"),
    ('enterprise_output', 'int_current__output', 'stg_enterprise_output', 'quantity', "coalesce(reported_unit, '')", ['unit_code', 'item'], "true"),
] %}
with counted as (
    {% for source, name, staging, quantity, unit, key, fits in sources %}
    {% if not loop.first %}union all{% endif %}
    select '{{ source }}' as source, '{{ quantity }}' as column_name, c.uscc, c.period, c.period_grain, c.unit_code, {{ 'c.stream' if 'stream' in key else "''" }} as stream,
        {% for part in ['energy', 'role', 'item', 'carrier', 'direction', 'origin'] %}{{ 'c.' ~ part if part in key else "''" }} as {{ part }}, {% endfor %}
        {{ unit }} as unit, c.{{ quantity }} as quantity, c.batch_id, c.row_no, c.received_at, b.sender,
        concat_ws('/', {% for part in key %}nullif(c.{{ part }}, ''){{ ', ' if not loop.last }}{% endfor %}) as name
    from ({{ counting(name) }}) as c
    inner join {{ ref('stg_registry__batch') }} as b on b.batch_id = c.batch_id
    where {{ fits }}
    {% endfor %}
),

-- every row of a delivery, also one that another delivery has replaced since
delivered as (
    {% for source, name, staging, quantity, unit, key, fits in sources %}
    {% if not loop.first %}union all{% endif %}
    select '{{ source }}' as source, batch_id, uscc, period, period_grain, concat_ws('/', {% for part in key %}nullif({{ part }}, ''){{ ', ' if not loop.last }}{% endfor %}) as name
    from {{ ref(staging) }}
    {% endfor %}
),

-- one quantity twice, from two deliveries of one sender, the keys apart in one part
pair as (
    select b.*, a.name as other_name, a.batch_id as other_batch,
        row_number() over (partition by b.source, b.batch_id, b.row_no order by a.received_at desc, a.batch_id, a.row_no) as choice
    from counted as b
    inner join counted as a
        on a.source = b.source and a.uscc = b.uscc and a.period = b.period and a.period_grain = b.period_grain and a.unit = b.unit
        and a.received_at < b.received_at and a.sender is not distinct from b.sender
        and {{ rounded('a.quantity', 6) }} = {{ rounded('b.quantity', 6) }}
    where b.quantity > 0.0
        and case when a.unit_code <> b.unit_code then 1 else 0 end + case when a.stream <> b.stream then 1 else 0 end
            {%- for part in ['energy', 'role', 'item', 'carrier', 'direction', 'origin'] %} + case when a.{{ part }} <> b.{{ part }} then 1 else 0 end{% endfor %} = 1
),

-- a delivery that already had both told two things
corrected as (
    select p.*
    from pair as p
    left join delivered as d
        on d.source = p.source and d.batch_id = p.other_batch and d.uscc = p.uscc and d.period = p.period and d.period_grain = p.period_grain and d.name = p.name
    where p.choice = 1 and d.batch_id is null
),

-- 1#炉, 1号炉, 第一号炉 and 01 # 炉 are one name
spelt as (
    select *,
        {{ bare_name('unit_code') }} as bare_unit, {{ bare_name('stream') }} as bare_stream
    from counted
    where unit_code <> '' or stream <> ''
),

alike as (
    select b.*, case when a.unit_code <> b.unit_code then b.unit_code else b.stream end as own_name,
        case when a.unit_code <> b.unit_code then a.unit_code else a.stream end as other_name,
        row_number() over (partition by b.source, b.batch_id, b.row_no order by a.received_at, a.batch_id, a.row_no) as choice
    from spelt as b
    inner join spelt as a
        on a.source = b.source and a.uscc = b.uscc and a.period = b.period and a.period_grain = b.period_grain
        {%- for part in ['energy', 'role', 'item', 'carrier', 'direction', 'origin'] %} and a.{{ part }} = b.{{ part }}{% endfor %}
        and a.bare_unit = b.bare_unit and a.bare_stream = b.bare_stream and (a.unit_code <> b.unit_code or a.stream <> b.stream)
        and (a.received_at, a.batch_id, a.row_no) < (b.received_at, b.batch_id, b.row_no)
),

-- a total under a name of its own (厂部) beside two or more parts
whole as (
    select source, column_name, batch_id, row_no, uscc, period, unit_code, stream, name, quantity,
        count(*) over same as n, {{ exact_sum('quantity', over='same') }} as total
    from counted
    where quantity > 0.0
    window same as (partition by source, uscc, period, period_grain, unit, energy, role, item, carrier, direction, origin)
)

select 'Y05-same-figure-other-key' as check_id, c.source, c.batch_id, c.row_no, c.uscc, c.period, c.column_name, {{ shown('c.quantity') }} as reported_value,
    c.other_name as other_value, c.name as what_zh, c.name as what_en
from corrected as c
union all
select 'Y06-like-unit-name', a.source, a.batch_id, a.row_no, a.uscc, a.period, case when a.own_name = a.unit_code then 'unit_code' else 'stream' end,
    a.own_name, a.other_name, null, null
from alike as a
where a.choice = 1
union all
select 'Y08-looks-like-a-total', w.source, w.batch_id, w.row_no, w.uscc, w.period, w.column_name, {{ shown('w.quantity') }}, w.name, cast(w.n - 1 as varchar), cast(w.n - 1 as varchar)
from whole as w
where w.n > 2 and (w.unit_code <> '' or w.stream <> '') and {{ rounded('2.0 * w.quantity', 6) }} = {{ rounded('w.total', 6) }}
