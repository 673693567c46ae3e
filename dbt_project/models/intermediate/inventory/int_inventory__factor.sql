with balance_year as (
    select distinct year from {{ ref('int_inventory__balance_cell') }}
),

own as (
    select
        y.year,
        f.factor_set,
        f.fuel_code,
        f.coal_factor_group,
        f.co2_t_per_unit as factor_value,
        f.status as factor_status,
        f.factor_set || ':' || f.fuel_code || ':' || f.coal_factor_group as factor_id,
        cast(null as varchar) as substitution,
        false as is_synthetic
    from {{ ref('inventory_factor') }} as f
    cross join balance_year as y
    union all
    -- a fuel that the set counts as another has that one's factor
    select
        y.year, f.factor_set, a.fuel_code, f.coal_factor_group, f.co2_t_per_unit,
        case when a.confidence = 'C' then 'unconfirmed' else f.status end,
        f.factor_set || ':' || f.fuel_code || ':' || f.coal_factor_group, null, false
    from {{ ref('inventory_fuel_as') }} as a
    inner join {{ ref('inventory_factor') }} as f on f.factor_set = a.factor_set and f.fuel_code = a.counted_as
    cross join balance_year as y
),

official_set as (
    select s.factor_set, s.carbon_to_co2
    from {{ ref('inventory_factor_set') }} as s
    left join (select distinct factor_set from {{ ref('inventory_factor') }}) as o on s.factor_set = o.factor_set
    where o.factor_set is null
),

-- one default per set, fuel and kind: valid at the end of the year, confirmed before unconfirmed, the latest first
default_value as (
    select
        y.year,
        s.factor_set,
        m.balance_fuel_code as fuel_code,
        d.kind,
        d.value,
        d.factor_id,
        d.is_unconfirmed,
        d.is_synthetic,
        row_number() over (
            partition by y.year, s.factor_set, m.balance_fuel_code, d.kind
            order by d.is_unconfirmed, d.is_synthetic, d.valid_from desc nulls last, d.data_year desc nulls last, d.received_at desc, d.factor_id
        ) as choice
    from official_set as s
    cross join balance_year as y
    cross join {{ ref('inventory_fuel_map') }} as m
    inner join {{ ref('balance_fuel') }} as b on m.balance_fuel_code = b.fuel_code
    inner join {{ ref('int_factor__current') }} as d on s.factor_set = d.method_version and m.fuel_code = d.item
    where (
        (d.kind = 'ncv' and lower(replace(d.unit, ' ', '')) = lower(replace('GJ/' || b.canonical_unit, ' ', '')))
        or (d.kind = 'carbon_content' and lower(d.unit) = 'tc/gj')
        or (d.kind = 'oxidation' and d.unit = '%')
    )
    and (d.valid_from is null or d.valid_from <= cast(cast(y.year as varchar) || '-12-31' as date))
    and (d.valid_to is null or d.valid_to > cast(cast(y.year as varchar) || '-12-31' as date))
),

-- the substitution's NCV as delivered, carbon content and oxidation of the fuel and set that the seed names
substitute_value as (
    select
        y.year, t.factor_set, t.balance_fuel_code as fuel_code, d.kind, d.value, d.factor_id, d.is_unconfirmed, d.is_synthetic,
        t.carbon_fuel_code,
        row_number() over (
            partition by y.year, t.factor_set, t.balance_fuel_code, d.kind
            order by d.is_unconfirmed, d.is_synthetic, d.valid_from desc nulls last, d.data_year desc nulls last, d.received_at desc, d.factor_id
        ) as choice
    from {{ ref('inventory_substitution') }} as t
    cross join balance_year as y
    inner join {{ ref('int_factor__current') }} as d
        on (d.kind = 'ncv' and d.method_version = t.ncv_method_version and d.item = t.balance_fuel_code and lower(d.unit) = 'gj/t')
        or (d.kind = 'carbon_content' and d.method_version = t.carbon_factor_set and d.item = t.carbon_fuel_code and lower(d.unit) = 'tc/gj')
        or (d.kind = 'oxidation' and d.method_version = t.carbon_factor_set and d.item = t.carbon_fuel_code and d.unit = '%')
    where (d.valid_from is null or d.valid_from <= cast(cast(y.year as varchar) || '-12-31' as date))
        and (d.valid_to is null or d.valid_to > cast(cast(y.year as varchar) || '-12-31' as date))
),

substituted as (
    select
        v.year, v.factor_set, v.fuel_code,
        max(case when v.kind = 'ncv' then v.value end) as ncv,
        max(case when v.kind = 'carbon_content' then v.value end) as carbon_content,
        max(case when v.kind = 'oxidation' then v.value / 100.0 end) as oxidation,
        max(case when v.kind = 'ncv' then v.factor_id end) || '; ' || max(case when v.kind = 'carbon_content' then v.factor_id end)
            || '; ' || max(case when v.kind = 'oxidation' then v.factor_id end) as factor_id,
        min(v.carbon_fuel_code) as carbon_fuel_code,
        max(case when v.is_synthetic then 1 else 0 end) as synthetic
    from substitute_value as v
    where v.choice = 1
    group by v.year, v.factor_set, v.fuel_code
),

default_row as (
    select
        v.year,
        v.factor_set,
        v.fuel_code,
        max(case when v.kind = 'ncv' then v.value end) as ncv,
        max(case when v.kind = 'carbon_content' then v.value end) as carbon_content,
        max(case when v.kind = 'oxidation' then v.value / 100.0 end) as oxidation,
        max(case when v.kind = 'ncv' then v.factor_id end) || '; ' || max(case when v.kind = 'carbon_content' then v.factor_id end)
            || '; ' || max(case when v.kind = 'oxidation' then v.factor_id end) as factor_id,
        max(case when v.is_unconfirmed then 1 else 0 end) as unconfirmed,
        max(case when v.is_synthetic then 1 else 0 end) as synthetic
    from default_value as v
    where v.choice = 1
    group by v.year, v.factor_set, v.fuel_code
),

official as (
    select
        d.year,
        d.factor_set,
        d.fuel_code,
        'all' as coal_factor_group,
        case when d.unconfirmed = 0 then d.ncv * d.carbon_content * d.oxidation * s.carbon_to_co2 end as factor_value,
        case when d.unconfirmed = 0 then 'confirmed' else 'unconfirmed' end as factor_status,
        d.factor_id,
        cast(null as varchar) as substitution,
        d.synthetic = 1 as is_synthetic
    from default_row as d
    inner join official_set as s on d.factor_set = s.factor_set
    where d.ncv is not null and d.carbon_content is not null and d.oxidation is not null
)

select year, factor_set, fuel_code, coal_factor_group, factor_value, factor_status, factor_id, substitution, is_synthetic from own
union all
select year, factor_set, fuel_code, coal_factor_group, factor_value, factor_status, factor_id, substitution, is_synthetic from official
union all
select
    t.year, t.factor_set, t.fuel_code, 'all', t.ncv * t.carbon_content * t.oxidation * s.carbon_to_co2, 'unconfirmed', t.factor_id,
    t.carbon_fuel_code, t.synthetic = 1
from substituted as t
inner join official_set as s on s.factor_set = t.factor_set
left join official as o on o.year = t.year and o.factor_set = t.factor_set and o.fuel_code = t.fuel_code
where t.ncv is not null and t.carbon_content is not null and t.oxidation is not null and o.fuel_code is null
