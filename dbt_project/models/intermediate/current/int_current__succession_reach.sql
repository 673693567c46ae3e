{{ config(materialized='table') }}
-- A real enterprise is never folded into a synthetic one, nor the other way round; a code that is not in the register carries nothing on.
with recursive step as (
    select l.uscc, n.uscc as reaches_uscc
    from {{ ref('int_current__register_latest') }} as l
    inner join {{ ref('int_current__register_latest') }} as n
        on n.uscc = upper(trim(l.successor_uscc)) and n.uscc <> l.uscc and n.is_synthetic = l.is_synthetic
),

-- pairs, each once: a circle ends where it has met all its members
reach as (
    select uscc, reaches_uscc from step
    union
    select r.uscc, s.reaches_uscc from reach as r inner join step as s on s.uscc = r.reaches_uscc
)

select r.uscc, r.reaches_uscc, s.uscc is not null as is_direct
from reach as r
left join step as s on s.uscc = r.uscc and s.reaches_uscc = r.reaches_uscc
