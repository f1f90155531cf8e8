{#
  The rows of a stream's table: the columns that the model's YAML names, each in its type whichever type the target chose
  and null where the table lacks it, then is_deleted and deleted_at, then custom fields and whatever else the table has.
#}
{% macro staged(stream, can_be_reported_gone=false) %}
{%- set table = source('copper', stream) -%}
{%- set reports = source('copper', 'deleted_records') if can_be_reported_gone else none -%}
{%- if execute -%}
{%- set wanted = model.columns -%}
{%- set present = tap_copper.columns_of(table) -%}
{%- set tells_deletions = 'deleted_at' in wanted -%}
{%- if tells_deletions %}
with told as (
    {{ tap_copper.reported_gone(stream, reports) }}
),

staged as (
{%- endif %}
    select
    {%- for name in wanted if name not in ('is_deleted', 'deleted_at') or not tells_deletions %}
        {{ tap_copper.typed(name, present.get(name), wanted[name].data_type) }} as {{ adapter.quote(name) }}{{ ',' if not loop.last or tells_deletions }}
    {%- endfor %}
    {%- if tells_deletions %}
        {{ tap_copper.is_gone(present, reports) }} as is_deleted,
        {{ tap_copper.gone_at(present, reports) }} as deleted_at
        {%- for name in present if name not in wanted and not name.startswith('_sdc_') %},
        loaded.{{ adapter.quote(name) }}
        {%- endfor %}
        {%- if 'deleted_at' in present %},
        loaded.deleted_at as copper_deleted_at
        {%- endif %}
    {%- endif %}
    {%- if present %}
    from {{ table }} as loaded
    {%- else %}
    from (select 1) as loaded -- {{ stream }} was never loaded
    {%- endif %}
    {%- if tells_deletions %}
    left join told on {{ 'told.id = ' ~ tap_copper.typed('id', present.get('id'), 'bigint') if can_be_reported_gone else 'false' }}
    {%- endif %}
    {%- if not present %}
    where false
    {%- endif %}
{%- if tells_deletions %}
)

select * from staged
{%- if not var('copper_keep_deleted', false) %}
where not is_deleted
{%- endif %}
{%- endif %}
{%- else -%}
select 1
{%- endif -%}
{% endmacro %}


{# The columns of a source's table by name; none where it does not exist. #}
{% macro columns_of(table) %}
{%- set found = {} -%}
{%- set relation = load_relation(table) if table is not none else none -%}
{%- if relation is not none -%}
{%- for column in adapter.get_columns_in_relation(relation) -%}
{%- do found.update({column.name: column}) -%}
{%- endfor -%}
{%- endif -%}
{{ return(found) }}
{% endmacro %}


{# A column in the type that it must have: targets write times without a zone in UTC, and JSON as jsonb, arrays or text. #}
{% macro typed(name, column, data_type) %}
{%- set quoted = 'loaded.' ~ adapter.quote(name) -%}
{%- set is_text = column is not none and (column.dtype | lower in ('text', 'json', 'jsonb') or 'character' in column.dtype | lower) -%}
{%- if column is none -%}
null::{{ data_type }}
{%- elif data_type == 'jsonb' and is_text -%}
{{ quoted }}::jsonb
{%- elif data_type == 'jsonb' -%}
to_jsonb({{ quoted }})
{%- elif data_type == 'timestamptz' and column.dtype | lower in ('timestamp', 'timestamp without time zone') -%}
{{ quoted }} at time zone 'UTC'
{%- elif data_type == 'timestamptz' and is_text -%}
(nullif({{ quoted }}, '')::timestamptz)
{%- else -%}
{{ quoted }}::{{ data_type }}
{%- endif -%}
{% endmacro %}
