-- the tiers of an account sum to its absolute direct emissions; the score and its grade lie within the rule
select *
from {{ ref('fct_account_quality_year') }}
where measured_share_num + declared_share_num + method_default_share_num + borrowed_set_share_num + other_year_share_num
        + wider_area_share_num + unconfirmed_share_num <> measured_share_den
    or score not between 0 and 100
    or grade not in ('A', 'B', 'C', 'D', 'E')
