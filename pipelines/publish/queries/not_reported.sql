-- 谁没有报、缺哪些表、逾期几天 | Who has not reported, which forms are missing, how many days overdue
-- month: 月份 YYYY-MM，缺省为全部 | month, else all
from marts.not_reported(cast(getvariable('month') || '-01' as date));
