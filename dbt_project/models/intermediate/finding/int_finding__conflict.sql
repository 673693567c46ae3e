{% for of in lake_sources() %}
{% if not loop.first %}union all{% endif %}
{{ conflict_findings(ref(current_view(of.name)), of.name, of.uscc, of.period) }}
{% endfor %}
