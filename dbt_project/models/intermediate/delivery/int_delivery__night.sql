-- The nights as the registry tells them: marts read intermediate models only.
select * from {{ ref('stg_registry__night_run') }}
