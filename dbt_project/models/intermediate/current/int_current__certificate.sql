{{ current_rows(ref('stg_certificate'), ['certificate_id']) }}
