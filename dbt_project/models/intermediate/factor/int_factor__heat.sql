select value, factor_id, tier, segment_from, segment_to
from (
    select
        f.value, f.factor_id, s.segment_from, s.segment_to, case when f.is_unconfirmed then 'unconfirmed' else 'method_default' end as tier,
        row_number() over (
            partition by s.segment_from
            order by f.is_unconfirmed, f.is_synthetic, f.data_year desc nulls last, f.received_at desc, f.factor_id
        ) as choice
    from {{ factors_in_force() }}
    where f.kind = 'heat' and f.item = 'purchased_heat'
) as ranked
where choice = 1
