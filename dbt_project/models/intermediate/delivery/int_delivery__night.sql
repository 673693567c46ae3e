select * from {{ ref('stg_registry__night_run') }}
