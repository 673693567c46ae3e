{{ current_rows(ref('stg_industry_class'), ['level', 'industry_code']) }}
