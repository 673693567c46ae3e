select * exclude (account, is_account, is_set_only)
from {{ ref('int_ledger__account_version') }}
where is_account
