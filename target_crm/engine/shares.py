"""The share of a stream that this run writes: by what its records are divided, or why they cannot be."""

from __future__ import annotations

from crm_api.errors import SettingError
from target_crm.load_method import LoadMethod
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Mapped, Rejection
from target_crm.partition import BY_SOURCE_ID, Partition, Share
from target_crm.report.outcomes import RejectKind
from target_crm.stream_settings import StreamSettings

_DELETES = "partition divides no deletes: brakes count what a whole run deletes"


def share_of(partition: Partition | None, stream: str, settings: StreamSettings, mapper: Mapper) -> Share | None:
    """Return the share of a stream that a run writes; None: all of it.

    Records are divided by their source id where no two of them can become one record of the CRM. Where a match key can
    make them one, they are divided by its value, which must be their source id: else two versions of a record, with
    two values, would be written by two processes at once.

    Raises:
        SettingError: The stream cannot be divided.
    """
    if partition is None:
        return None
    if settings.load_method in {LoadMethod.OVERWRITE, LoadMethod.DELETE} or settings.hard_delete:
        word = "hard_delete" if settings.hard_delete else f"load_method {settings.load_method}"
        why = "a share of a stream does not show what is absent" if word.endswith("overwrite") else _DELETES
        raise SettingError(f"streams.{stream}: {word} and partition do not go together: {why}")
    if not mapper.match_on or (settings.load_method is LoadMethod.APPEND_ONLY and settings.declared is None):
        return Share(partition, BY_SOURCE_ID, str)
    if len(mapper.match_on) != 1 or len(mapper.match_on[0]) != 1:
        keys = " or ".join(" and ".join(together) for together in mapper.match_on)
        raise SettingError(
            f"Stream {stream!r} cannot be divided (partition): its records may become one record of the CRM by {keys}. "
            f"Set streams.{stream}.match_on to one attribute"
        )
    ((name,),) = mapper.match_on
    if settings.mapping.references.keys() & {name}:
        raise SettingError(f"Stream {stream!r} cannot be divided (partition): its match key {name} is a reference")
    if settings.source_id and not _gives_match_value(settings, mapper):
        told = " and ".join(settings.source_id)
        raise SettingError(
            f"Stream {stream!r} cannot be divided (partition): its records are told apart by {told}, and may become "
            f"one record of the CRM by {name}, which can change from one version to the next. Set "
            f"streams.{stream}.source_id to the attribute that gives {name}"
        )
    return Share(partition, name, mapper.normalise_match_value)


def _gives_match_value(settings: StreamSettings, mapper: Mapper) -> bool:
    """Tell whether the source id alone says what the value of the only match key is."""
    if len(settings.source_id) != 1:
        return False
    declared = settings.declared
    return mapper.has_match_value(settings.source_id) if declared is None else declared.found_by == settings.source_id


def within_share(share: Share | None, settings: StreamSettings, mapped: Mapped | Rejection) -> Mapped | Rejection:
    """Reject a record that another process may have to write, too: by another value of its match key."""
    if share is None or share.by == BY_SOURCE_ID or settings.declared or isinstance(mapped, Rejection):
        return mapped
    if all(share.holds(value) for key in mapped.keys for part in key.parts for value in part.values):
        return mapped
    sentence = (
        f"It has several values of {share.by}, and not all of them belong to share {share.partition}: records of other "
        "shares may become the same record of the CRM. Write it in a run without partition, or with one "
        f"{share.by}"
    )
    return Rejection(RejectKind.OTHER_SHARE, sentence, share.by)
