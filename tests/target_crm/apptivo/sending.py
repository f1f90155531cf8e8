"""One stream of records sent to target-crm."""

from __future__ import annotations

from tests.target_crm.messages import record_of, schema_of


def send(run, stream, *records, keys=("id",), **settings):
    names = list(dict.fromkeys(name for record in records for name in record))
    return run([schema_of(stream, *names, keys=keys), *(record_of(stream, **each) for each in records)], **settings)
