-- What is never unknown in a model: a null in one of these would leave its row out of whatever adds up by them.
{% for name, columns in [
    ('int_account__first_period', 'uscc first_period'),
    ('int_account__form', 'uscc slice_year period source'),
    ('int_delivery__batch', 'batch_id'),
    ('int_double_counting__overlap', 'uscc year overlap counted_in state overlap_rows'),
    ('int_driver__cell', 'basis level code year industry emission_t energy_tce is_synthetic'),
    ('int_factor__gwp', 'gwp_set gas gwp'),
    ('int_factor__known', 'factor_id'),
    ('int_finding__check_result', 'batch_id check_id'),
    ('int_finding__conflict', 'batch_id row_no source message_zh message_en'),
    ('int_finding__on_current_view', 'batch_id row_no check_id told_by'),
    ('int_inventory__activity', 'division_code year factor_set sector coal_factor_group fuel_code activity_quantity activity_unit is_synthetic'),
    ('int_inventory__balance_cell', 'division_code year item_code fuel_code quantity unit is_synthetic'),
    ('int_inventory__emission', 'activity_quantity'),
    ('int_inventory__factor', 'year factor_set fuel_code coal_factor_group factor_status is_synthetic'),
    ('int_inventory__leaf', 'division_code year factor_set sector sector_group coal_factor_group fuel_code activity_quantity activity_unit is_synthetic'),
    ('int_inventory__leaf_emission', 'activity_quantity'),
    ('int_inventory__process_activity', 'division_code year product ledger activity_quantity activity_unit yields is_synthetic'),
    ('int_ledger__median_month', 'uscc source tonnes'),
    ('int_ledger__method_comparison', 'uscc slice_year energy fuel_code method_code method_version activity_quantity'),
    ('int_ledger__version_line', 'line_id account uscc period batch_id row_no'),
    ('int_meter__month', 'uscc energy period quantity meters collected due'),
    ('int_nowcast__driver', 'driver province period mwh known_from'),
    ('int_nowcast__error', 'level code period measure as_of'),
    ('int_nowcast__error_band', 'level measure errors relative_error_95'),
    ('int_nowcast__line', 'uscc source period measure field known_from tco2e'),
    ('int_nowcast__report', 'uscc source period known_from'),
    ('int_reconciliation__located', 'prefecture year cause tco2e found unknown'),
    ('int_statistic_check__result', 'check_id source division_code industry_code indicator item period period_grain is_synthetic what_zh what_en'),
    ('int_statistics__series', 'division_code industry_code indicator year reading value is_synthetic'),
    ('int_statistics__year', 'division_code industry_code indicator year reading value is_synthetic'),
    ('int_uncertainty__drawn', 'cell cell_value amount content'),
    ('int_uncertainty__inventory', 'code total_period factor_set error amount moved squares')
] %}
{% if not loop.first %}union all{% endif %}
select '{{ name }}' as model, count(*) as found
from {{ ref(name) }}
where {% for column in columns.split() %}{{ column }} is null{{ ' or ' if not loop.last }}{% endfor %}
having count(*) > 0
{% endfor %}
