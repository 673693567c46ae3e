-- The account of each enterprise and period: its register row, accounting method and the version in force or named.
select * exclude (account, is_account, is_set_only)
from {{ ref('int_ledger__account_version') }}
where is_account
