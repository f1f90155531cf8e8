"""A CRM, and beside its own objects whatever endpoints the settings declare on the same account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from typing_extensions import override

from crm_api.crm import Crm
from crm_api.crm_objects import CrmObject
from crm_api.delegating import DelegatingCrm
from crm_api.endpoints.whole_records import Endpoints
from crm_api.transport.session import CrmSession


class WithEndpoints(DelegatingCrm):
    """Hands each object's work to the half that knows it; what is no object's, such as names, is the CRM's.

    Args:
        crm: The CRM.
        endpoints: The declared ones, with the same session.
    """

    def __init__(self, crm: Crm, endpoints: Endpoints) -> None:
        super().__init__(crm)
        self._endpoints = endpoints
        self.objects = _Joined(crm.objects, endpoints.objects)
        self.index_lags = crm.index_lags or endpoints.index_lags

    @override
    def _crm_object(self, crm_object: CrmObject) -> Crm:
        return self._endpoints if crm_object.whole_records else self._crm

    @override
    def replace_session(self, stage: Callable[[Crm], CrmSession]) -> None:
        super().replace_session(stage)
        self._endpoints.replace_session(stage)


class _Joined(Mapping[str, CrmObject]):
    """The CRM's objects, and by name those that endpoints stand for; only the former are listed."""

    def __init__(self, own: Mapping[str, CrmObject], endpoints: Mapping[str, CrmObject]) -> None:
        self._own = own
        self._endpoints = endpoints

    @override
    def __getitem__(self, name: str) -> CrmObject:
        return self._own[name] if name in self._own else self._endpoints[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    @override
    def __len__(self) -> int:
        return len(self._own)
