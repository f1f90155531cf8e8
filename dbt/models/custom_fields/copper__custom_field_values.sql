{%- set streams = ['companies', 'leads', 'opportunities', 'people', 'projects', 'tasks'] -%}
with held as (
    {%- for stream in streams %}
    select '{{ stream }}' as stream, record.id as record_id, field.content
    from {{ ref('stg_copper__' ~ stream) }} as record
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof(record.custom_fields) = 'array' then record.custom_fields else '[]'::jsonb end
    ) as field (content)
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

filled as (
    select
        stream,
        record_id,
        (content ->> 'custom_field_definition_id')::bigint as field_id,
        content -> 'value' as value
    from held
    where jsonb_typeof(content -> 'custom_field_definition_id') = 'number'
      and jsonb_typeof(content -> 'value') is distinct from 'null'
      and content -> 'value' is not null
),

options as (
    select definition.id as field_id, option.content ->> 'id' as option_id, max(option.content ->> 'name') as label
    from {{ ref('stg_copper__custom_field_definitions') }} as definition
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof(definition.options) = 'array' then definition.options else '[]'::jsonb end
    ) as option (content)
    where jsonb_typeof(option.content) = 'object'
    group by 1, 2
)

select
    filled.stream,
    filled.record_id,
    filled.field_id,
    definition.name as field_name,
    definition.data_type,
    filled.value,
    -- Options are labels, as far as they have one; everything else is as Copper sends it.
    (
        select string_agg(coalesce(options.label, part.content #>> '{}'), ', ' order by part.position)
        from jsonb_array_elements(
            case when jsonb_typeof(filled.value) = 'array' then filled.value else jsonb_build_array(filled.value) end
        ) with ordinality as part (content, position)
        left join options
            on options.field_id = filled.field_id
            and options.option_id = part.content #>> '{}'
            and definition.data_type in ('Dropdown', 'MultiSelect')
    ) as text
from filled
left join {{ ref('stg_copper__custom_field_definitions') }} as definition on definition.id = filled.field_id
