-- received = accepted + quarantined in rows and in quantity, and the outcome says what the counts say
select *
from {{ ref('batch') }}
where rows_received <> rows_accepted + rows_quarantined
    or abs(quantity_received - quantity_accepted - quantity_quarantined) > 1e-9 * abs(quantity_received)
    or (outcome = 'accepted' and rows_quarantined > 0)
    or (outcome = 'accepted_in_part' and (rows_quarantined = 0 or rows_accepted = 0))
    or (outcome = 'refused' and (rows_accepted > 0 or reason is null))
