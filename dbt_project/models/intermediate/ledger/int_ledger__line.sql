{{ with_closed_years(account_lines()) }}
