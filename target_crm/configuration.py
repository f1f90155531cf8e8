"""The settings of the target, between the SDK that reads them and the checks of ours."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from singer_sdk import Target
from typing_extensions import override

from crm_api.environment import environment_settings
from target_crm.settings_checks import checked_config


class ConfiguredTarget(Target):
    """A target whose settings are as strict in the environment as in a file, and checked at every depth."""

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        # No CRM has columns for metadata; files are read as their message says; load_method decides about versions.
        for unused in ("add_record_metadata", "batch_config", "process_activate_version_messages"):
            config_jsonschema["properties"].pop(unused, None)

    @property
    @override
    def _env_var_config(self) -> dict[str, Any]:
        with suppress(ValueError):  # it reads the file .env, too; a wrong value in it is reported below
            super()._env_var_config  # noqa: B018 - see above
        return environment_settings(self.config_jsonschema, self._env_var_prefix, os.environ)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        if raise_errors:
            self.append_builtin_config(self.config_jsonschema)
            self._config = checked_config(self._config, self.config_jsonschema)
        return super()._validate_config(raise_errors=raise_errors)
