{#
  Rows of a current view that are in conflict, as findings: they stay accepted and are left out while the conflict lasts.
  relation: an int_current__* with conflict, batch_id and row_no; uscc, period: the columns of both, none where there are none.
#}
{% macro conflict_findings(relation, source, uscc=none, period=none) -%}
select
    batch_id,
    '{{ source }}' as source,
    row_no,
    'conflicting_deliveries' as check_id,
    'info' as severity,
    cast({{ uscc or 'null' }} as varchar) as uscc,
    cast({{ "cast(year as varchar) || '-01-01'" if period == 'year' else period or 'null' }} as date) as period,
    cast(null as varchar) as column_name,
    cast(null as varchar) as reported_value,
    case conflict
        when 'equal_received_at' then '另一份提交的接收时间相同而内容不同；冲突解除前，两者均不计入'
        when 'blank_unit_beside_named' then '同一事项既有未填排放单元的行，又有填了排放单元的行；冲突解除前，均不计入'
        when 'blank_stream_beside_named' then '同一事项既有未填煤种或批次的行，又有填了的行，可能是合计与分项；冲突解除前，均不计入'
        when 'parent_beside_child' then '同一事项既有上级能源品种，又有其下级品种；冲突解除前，均不计入'
        else '与另一份提交重复或口径重叠；冲突解除前，均不计入'
    end as message_zh,
    case conflict
        when 'equal_received_at' then 'another delivery with the same time of receipt says otherwise: neither counts while the conflict lasts'
        when 'blank_unit_beside_named' then 'a row without emission unit stands beside one with a unit: none counts while the conflict lasts'
        when 'blank_stream_beside_named' then 'a row without stream stands beside one with a stream, perhaps a total beside its parts: none counts while the conflict lasts'
        when 'parent_beside_child' then 'a parent fuel stands beside one of its children: none counts while the conflict lasts'
        else 'it overlaps another delivery: none counts while the conflict lasts'
    end as message_en,
    '核实后重新提交正确的行，接收时间晚者为准' as advice_zh,
    'deliver the right row again: the later one counts' as advice_en
from {{ relation }}
where conflict is not null
{%- endmacro %}
