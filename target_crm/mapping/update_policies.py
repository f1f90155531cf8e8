"""Policies of updates: the mode of each attribute, and who decides about its conflicts."""

from __future__ import annotations

from crm_api.crm_objects import Attribute, Kind
from crm_api.errors import SettingError
from target_crm.mapping.fields import Fields
from target_crm.mapping.flat import LISTS
from target_crm.mapping.settings import MappingSettings, named_twice
from target_crm.mapping.values import Mode, Side


class UpdatePolicies:
    """The policies of one stream, as its settings ``fields`` and ``conflicts`` say.

    Args:
        fields: The object's attributes and custom fields.
        settings: The stream's settings of mapping.

    Raises:
        SettingError: The settings name an attribute that does not exist, or a policy that cannot work for it.
    """

    def __init__(self, fields: Fields, settings: MappingSettings) -> None:
        self._fields = fields
        self._settings = settings
        self._check_names()
        self._modes = {self._checked(name, mode).name: mode for name, mode in settings.fields.items()}
        self._sides = {self._protectable(name).name: side for name, side in settings.conflicts_of.items()}

    def _check_names(self) -> None:
        taken: dict[str, str] = {}
        for name in {**self._settings.fields, **self._settings.conflicts_of}:
            attribute = self._fields.named(name)
            if attribute is not None and taken.setdefault(attribute.name, name) != name:
                raise named_twice(self._settings.place("fields"), taken[attribute.name], name, attribute.name)

    def mode_of(self, attribute: Attribute) -> Mode:
        """Return the mode of an attribute."""
        default = Mode.ADD if attribute.kind in LISTS else Mode.REPLACE
        return self._modes.get(attribute.name, default)

    def side_of(self, attribute: Attribute) -> Side:
        """Return who decides about conflicts of an attribute."""
        return self._sides.get(attribute.name, Side(self._settings.conflicts))

    def _checked(self, name: str, mode: Mode) -> Attribute:
        """Find the attribute that the setting fields names, and see whether it can have that mode."""
        where = f"{self._settings.place('fields')}.{name}"
        attribute = self._fields.named(name)
        if attribute is None:
            near = self._fields.nearest(name)
            meant = f": the nearest one is {near!r}" if near else ""
            raise SettingError(f"{where}: {self._fields.crm_object.name} have no such attribute{meant}")
        if attribute.kind is Kind.CUSTOM:
            raise SettingError(f"{where} holds all custom fields. Name each by itself")
        if not attribute.is_writable:
            raise SettingError(f"{where} has no effect: the CRM does not let {attribute.name} be written. Remove it")
        if mode is Mode.ADD and attribute.kind not in LISTS:
            raise SettingError(f"{where} must not be add, which is for lists: {attribute.name} holds one value")
        if mode is Mode.REPLACE and attribute.only_added:
            raise SettingError(f"{where} must not be replace: the CRM only adds to {attribute.name}")
        return attribute

    def _protectable(self, name: str) -> Attribute:
        """Find an attribute that has a setting conflicts of its own, and see whether that can mean anything."""
        side = self._settings.conflicts_of[name]
        attribute = self._checked(name, Mode.FILL_EMPTY)
        mode = self.mode_of(attribute)
        if side is not Side.SOURCE and mode is not Mode.REPLACE:
            where = self._settings.place("fields")
            raise SettingError(
                f"{where}.{name}.conflicts has no effect with mode {mode}, which replaces nothing in the CRM. Remove "
                "it, or set mode to replace"
            )
        return attribute
