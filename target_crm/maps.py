"""Stream maps as the settings give them, applied to what a tap declares."""

from __future__ import annotations

from singer_sdk.exceptions import MapExpressionError, StreamMapConfigError
from singer_sdk.mapper import PluginMapper

from crm_api.errors import SettingError
from target_crm.messages import Schema


def register(mapper: PluginMapper, came: Schema) -> None:
    """Have a stream mapped from now on, by the schema that came.

    Raises:
        SettingError: Its map cannot work.
    """
    try:
        mapper.register_raw_stream_schema(came.stream, came.schema, came.key_properties)
    except (MapExpressionError, StreamMapConfigError) as error:
        raise SettingError(f"stream_maps is wrong: {error}") from error
    except IndexError as error:  # so the SDK says it
        raise SettingError(f"stream_maps is wrong: an expression for {came.stream} is empty") from error
