-- the causes of a comparison sum to its difference, to the kilogram
select *
from {{ ref('fct_method_comparison') }}
where difference_tco2 is distinct from ncv_tco2 + carbon_content_tco2 + oxidation_tco2 + composite_factor_tco2 + factor_tco2 + gwp_set_tco2
        + boundary_tco2 + one_side_only_tco2
    or difference_tco2 is distinct from other_tco2 - base_tco2
