-- The factor of each set for each balance fuel and coal factor group (`all` = every sector), per balance year.
-- Own sets come from seed inventory_factor; official ones are NCV x carbon content x oxidation x 44/12 of the set's own
-- confirmed defaults: an official set never borrows from another one here. What is missing has a reason instead of a value.
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
        false as is_synthetic
    from {{ ref('inventory_factor') }} as f
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

default_row as (
    select
        v.year,
        v.factor_set,
        v.fuel_code,
        max(case when v.kind = 'ncv' then v.value end) as ncv,
        max(case when v.kind = 'carbon_content' then v.value end) as carbon_content,
        max(case when v.kind = 'oxidation' then v.value / 100.0 end) as oxidation,
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
        d.synthetic = 1 as is_synthetic
    from default_row as d
    inner join official_set as s on d.factor_set = s.factor_set
    where d.ncv is not null and d.carbon_content is not null and d.oxidation is not null
)

select year, factor_set, fuel_code, coal_factor_group, factor_value, factor_status, is_synthetic from own
union all
select year, factor_set, fuel_code, coal_factor_group, factor_value, factor_status, is_synthetic from official
