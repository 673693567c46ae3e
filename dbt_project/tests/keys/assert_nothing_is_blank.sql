-- What is never unknown in a model: a null in one of these would leave its row out of whatever adds up by them.
{% for name, columns in [
    ('int_account__form', 'uscc slice_year period source'),
    ('int_double_counting__overlap', 'uscc year overlap counted_in state overlap_rows'),
    ('int_driver__cell', 'basis level code year industry emission_t energy_tce is_synthetic'),
    ('int_factor__gwp', 'gwp_set gas gwp'),
    ('int_ledger__median_month', 'uscc source tonnes'),
    ('int_ledger__method_comparison', 'uscc slice_year energy fuel_code method_code method_version activity_quantity'),
    ('int_ledger__version_line', 'line_id account uscc period batch_id row_no'),
    ('int_meter__month', 'uscc energy period quantity meters collected due'),
    ('int_nowcast__driver', 'driver province period mwh known_from'),
    ('int_nowcast__error', 'level code period measure as_of'),
    ('int_nowcast__error_band', 'level measure errors relative_error_95'),
    ('int_nowcast__report', 'uscc source period known_from'),
    ('int_reconciliation__located', 'prefecture year cause tco2e found unknown'),
    ('int_uncertainty__inventory', 'code total_period factor_set error amount moved squares')
] %}
{% if not loop.first %}union all{% endif %}
select '{{ name }}' as model, count(*) as found
from {{ ref(name) }}
where {% for column in columns.split() %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
having count(*) > 0
{% endfor %}
