-- R63: below zero are only what is deducted or recovered, told by its own activity below zero, and net power and heat.
-- A fuel row may fall short of zero by the hair of its consumption that the gate lets through (F11).
select l.line_id, l.emission_source, l.item, l.activity_quantity, l.emission_tco2e
from {{ ref('fct_enterprise_emission_line') }} as l
left join {{ ref('int_current__energy') }} as e on e.batch_id = l.batch_id and e.row_no = l.row_no
where (l.emission_source in ('fuel', 'biomass_memo') and l.emission_tco2e < 0
        and (l.activity_quantity >= 0 or l.activity_quantity < -0.0000011 * coalesce(e.consumed, 0.0)))
    or (l.emission_source = 'process' and l.emission_tco2e < 0 and l.activity_quantity >= 0)
    or (l.emission_source in ('product_deduction', 'co2_recovered') and l.emission_tco2e > 0)
