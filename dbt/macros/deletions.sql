{# The ids of a stream that the stream deleted_records has reported: when, and when the target got the last report. #}
{% macro reported_gone(stream, reports) %}
{%- set columns = tap_copper.columns_of(reports) -%}
{%- if columns %}
    select
        loaded.id::bigint as id,
        max({{ tap_copper.typed('seen_at', columns.get('seen_at'), 'timestamptz') }}) as seen_at,
        max({{ tap_copper.received(columns) }}) as received_at
    from {{ reports }} as loaded
    where loaded.stream = '{{ stream }}'
    group by 1
{%- else %}
    select null::bigint as id, null::timestamptz as seen_at, null::timestamptz as received_at
    where false -- no deletion was ever reported
{%- endif %}
{% endmacro %}


{# When the target got a row; null where it keeps no such column. #}
{% macro received(columns) %}
{%- set names = ['_sdc_received_at', '_sdc_batched_at', '_sdc_extracted_at'] | select('in', columns) | list -%}
{{ tap_copper.typed(names[0], columns[names[0]], 'timestamptz') if names else 'null::timestamptz' }}
{%- endmacro %}


{#
  Whether a row stands for a record that is gone. A record that the target got once more after its deletion was reported is
  back; where the target keeps no time, one that Copper has changed since then.
#}
{% macro is_gone(columns, reports) %}
{%- set since = tap_copper.received(columns) -%}
coalesce({{ tap_copper.typed('is_deleted', columns.get('is_deleted'), 'boolean') }}, false)
        or {{ 'loaded._sdc_deleted_at is not null' if '_sdc_deleted_at' in columns else 'false' }}
        or (told.id is not null and not coalesce(
            {{ since }} > told.received_at,
            {{ tap_copper.typed('date_modified', columns.get('date_modified'), 'timestamptz') }} > told.seen_at,
            false
        ))
{%- endmacro %}


{# When the absence of such a record was seen; null of a record that is there. #}
{% macro gone_at(columns, reports) %}
case
            when {{ tap_copper.is_gone(columns, reports) }}
            then coalesce(told.seen_at, {{ tap_copper.typed('_sdc_deleted_at', columns.get('_sdc_deleted_at'), 'timestamptz') }})
        end
{%- endmacro %}
