select * exclude (account, is_account)
from {{ ref('int_ledger__version_line') }}
where is_account
