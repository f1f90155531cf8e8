"""The ledger's tables, and the texts in them.

Names and ids in keys are as ``key_of`` returns them. Texts of type ``AnyText`` hold any text.

PostgreSQL cannot hold NUL and cannot index more than 2,704 bytes in one row; neither database can hold half a surrogate
pair. A key that is one of that becomes a *digested* key: its first characters, readable, and a digest of the whole.
"""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
)
from typing_extensions import override

VERSION = 5

MOST_BYTES = 600  # of a key; four of them, the most in one index, stay below PostgreSQL's 2,704 bytes
SHOWN_CHARACTERS = 60  # of a text that is digested
DIGEST_BYTES = 32
_ESCAPE = "\u2400"  # the picture of NUL, which hardly any text holds
_ESCAPED = re.compile("[\0\ud800-\udfff\u2400]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_ODD = re.compile(f"{_UNSTORABLE.pattern}|…#[0-9a-f]{{{2 * DIGEST_BYTES}}}|\u2400[0-9a-f]{{4}}")
_CODES = re.compile("\u2400(0000|2400|d[89a-f][0-9a-f]{2})")


class AnyText(TypeDecorator[str]):
    """Text that may hold NUL and halves of surrogate pairs, which the databases refuse: kept escaped, read exactly."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _ESCAPED.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or _ESCAPE not in value:
            return value
        return _CODES.sub(lambda found: chr(int(found[1], 16)), value)


def key_of(text: str) -> str:
    """Return the key by which the ledger knows a text: the text itself, unless it is long or odd.

    A text that holds what looks like a digested key, or like an escape of ``AnyText``, is digested as well, so
    that no text can pass for another. Hence the key of a digested key is another one: this is called once for each
    text, where it enters.
    """
    if text.isascii() and len(text) <= MOST_BYTES and "\0" not in text:
        return text
    content = text.encode("utf-8", "surrogatepass")
    if len(content) <= MOST_BYTES and not _ODD.search(text):
        return text
    return f"{shown(text[:SHOWN_CHARACTERS])}…#{blake2b(content, digest_size=DIGEST_BYTES).hexdigest()}"


def shown(text: str) -> str:
    r"""Spell out what cannot be stored: NUL as ``\u0000``, half a surrogate pair as ``\ud83d``."""
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


metadata = MetaData()

version = Table("ledger_version", metadata, Column("version", Integer, nullable=False))

# One kind of record of one CRM account: what match keys belong to. object_text is the name where object is digested.
objects = Table(
    "objects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("crm", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("object_text", AnyText),
    UniqueConstraint("crm", "account", "object"),
)

# One stream of one source into one kind of record: what source ids belong to. stream_text is the stream's name where
# stream is digested.
scopes = Table(
    "scopes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("object_id", ForeignKey(objects.c.id), nullable=False),
    Column("source_name", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("stream_text", AnyText),
    UniqueConstraint("source_name", "stream", "object_id"),
)

# The names of streams and objects, whole where their keys are digested.
STREAM_NAME = func.coalesce(scopes.c.stream_text, scopes.c.stream, type_=AnyText()).label("stream")
OBJECT_NAME = func.coalesce(objects.c.object_text, objects.c.object, type_=AnyText()).label("object")


def _scoped() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("scope_id", ForeignKey(scopes.c.id), primary_key=True),
        Column("source_id", Text, primary_key=True),
    )


# What was written where. crm_id is JSON, so that 7 and "7" stay apart; null once it was deleted.
records = Table(
    "records",
    metadata,
    *_scoped(),
    Column("crm_id", Text),
    Column("origin", Text, nullable=False),
    Column("record_hash", LargeBinary),
    Column("digest", Text),
    Column("written_at", Float, nullable=False),
    Column("run_id", Text, nullable=False),
    Index("records_by_crm_id", "crm_id", postgresql_using="hash"),  # which takes ids of any length
    sqlite_with_rowid=False,
)

# Writes that were sent, or are about to be, and not yet answered.
intents = Table(
    "intents",
    metadata,
    *_scoped(),
    Column("action", Text, nullable=False),
    Column("crm_id", Text),
    Column("payload", AnyText, nullable=False),
    Column("keys", AnyText, nullable=False),
    Column("record_hash", LargeBinary),
    Column("digest", Text),
    Column("sent_at", Float, nullable=False),
    Column("server_at", Float, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("links", AnyText, nullable=False, server_default="[]"),
    Column("before", AnyText),
    sqlite_with_rowid=False,
)

# Match values that writes of the last minutes gave or took away, until the CRM's own search shows them. crm_id_text is
# the CRM's id where crm_id is digested.
fresh_keys = Table(
    "fresh_keys",
    metadata,
    Column("object_id", ForeignKey(objects.c.id), primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("crm_id", Text, primary_key=True),
    Column("crm_id_text", Text),
    Column("at", Float, nullable=False),
    sqlite_with_rowid=False,
)

# SCHEMA messages of the records that are held, each once.
schemas = Table(
    "schemas", metadata, Column("id", Text, primary_key=True), Column("message", LargeBinary, nullable=False)
)

# Records that were not written: rejected, or waiting for a reference. The message is the line as it arrived.
held = Table(
    "held",
    metadata,
    *_scoped(),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", AnyText, nullable=False),
    Column("status", Integer),
    Column("sent", AnyText),
    Column("message", LargeBinary, nullable=False),
    Column("schema_id", ForeignKey(schemas.c.id), nullable=False),
    Column("at", Float, nullable=False),
    Column("run_id", Text, nullable=False),
    Index("held_by_number", "number"),
)

# Which record of which stream a waiting record waits for.
waits = Table(
    "waits",
    metadata,
    *_scoped(),
    Column("stream", Text, primary_key=True),
    Column("on_source_id", Text, primary_key=True),
    Index("waits_by_parent", "stream", "on_source_id"),
    sqlite_with_rowid=False,
)

# References that a written record still lacks: each is put in when what it refers to is written. on_source_id is the
# source id of a record of the stream, or, where the stream is empty, the match key of a record of the CRM as JSON.
links = Table(
    "links",
    metadata,
    *_scoped(),
    Column("attribute", Text, primary_key=True),
    Column("stream", Text, nullable=False),
    Column("on_source_id", Text, nullable=False),
    Column("reason", AnyText, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
    Index("links_by_target", "on_source_id", postgresql_using="hash"),  # a match key can be of any length
    sqlite_with_rowid=False,
)

# Which source ids arrived, of streams that mirror their source: by the version of the table that is being read.
seen = Table(
    "seen",
    metadata,
    Column("scope_id", ForeignKey(scopes.c.id), primary_key=True),
    Column("version", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# What was done, when and why; of a deleted record, what it was. changes holds [field, old, new], where that is wanted.
history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scope_id", ForeignKey(scopes.c.id), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("action", Text, nullable=False),
    Column("crm_id", Text),
    Column("fields", AnyText, nullable=False),
    Column("keys", Text, nullable=False),
    Column("record", AnyText),
    Column("request_id", AnyText),
    Column("reason", AnyText, nullable=False, server_default=""),
    Column("changes", AnyText),
    Index("history_by_record", "scope_id", "source_id"),
    Index("history_by_time", "at"),
)

# The ledger itself, in one row. ledger_id is random; secret keys the digests of values and credentials. generation
# counts up at the beginning and the end of each run: a ledger that counts less than it did is an older copy. From
# doubted_at on the ledger does not know what was written, since an older copy was accepted.
identity = Table(
    "ledger_identity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ledger_id", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("doubted_at", Float),
    Column("accepted_at", Float),
)

# The CRM accounts that were written, by the name that keys of the ledger begin with. told is what the CRM itself says
# that the account is; null if it says nothing.
accounts = Table(
    "ledger_accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("crm", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("told", AnyText),
    Column("at", Float, nullable=False),
    UniqueConstraint("crm", "account"),
)

# Fingerprints of the credentials that wrote an account, keyed by the ledger's secret.
credentials = Table(
    "ledger_credentials",
    metadata,
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True),
    Column("fingerprint", Text, primary_key=True),
    Column("at", Float, nullable=False),
    sqlite_with_rowid=False,
)

# The epoch of the only writer of an object, or of a share of it: it counts up with every lock that is taken. share is
# empty where a run writes the whole object.
epochs = Table(
    "ledger_epochs",
    metadata,
    Column("object_id", ForeignKey(objects.c.id), primary_key=True),
    Column("share", Text, primary_key=True, server_default=""),
    Column("epoch", Integer, nullable=False),
    Column("holder", AnyText, nullable=False),
    Column("since", Float, nullable=False),
    Column("at", Float, nullable=False),
    sqlite_with_rowid=False,
)

# Digests of each attribute's value, of 8 bytes, keyed by the ledger's secret: as it was last sent, and as the CRM was
# next seen to hold it. One row a record: attribute is empty, and sent and seen are strings of pairs, the digest of an
# attribute's name before that of its value; what is unknown is not in them. In sent, a name of 8 zero bytes stands for
# all that the source last gave.
attribute_digests = Table(
    "ledger_attribute_digests",
    metadata,
    *_scoped(),
    Column("attribute", Text, primary_key=True),
    Column("sent", LargeBinary),
    Column("seen", LargeBinary),
    sqlite_with_rowid=False,
)

# Values of an attribute before and after a write, as JSON in the vendor's form, for as long as keep_values_days says;
# before is null where nobody read it. attribute is the attribute's name, cf_<slug> for a custom field.
kept_values = Table(
    "ledger_kept_values",
    metadata,
    Column("history_id", ForeignKey(history.c.id), primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("before", AnyText),
    Column("after", AnyText),
    Column("at", Float, nullable=False),
    Index("ledger_kept_values_by_time", "at"),
    sqlite_with_rowid=False,
)

# The lines of a plan that were carried out, by a digest of the line; and which runs have begun to carry it out.
plans = Table(
    "ledger_plans",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("line", Text, primary_key=True),
    Column("done_at", Float, nullable=False),
    Column("run_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The STATE of an entry of accounts.yml and a pipeline, as the very text that came.
states = Table(
    "ledger_states",
    metadata,
    Column("entry", Text, primary_key=True),
    Column("pipeline", Text, primary_key=True),
    Column("state", AnyText, nullable=False),
    Column("at", Float, nullable=False),
    Column("run_id", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Runs: when, of which account and source, how they ended, and their report as JSON; one that was killed has no end. A
# scheduler that tries a task again may give the name of the first try. number counts up with each beginning and end.
runs = Table(
    "ledger_runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("began_at", Float, primary_key=True),
    Column("crm", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("source_name", Text, nullable=False),
    Column("ended_at", Float),
    Column("exit_code", Integer),
    Column("report", AnyText),
    Column("number", Integer, nullable=False),
    Index("ledger_runs_by_time", "began_at"),
    Index("ledger_runs_by_number", "number"),
)

# Thresholds that runs of a source have crossed: whether each is crossed now, and messages about it, as a JSON list,
# that the receiver has not taken yet. Until telling_until, somebody is telling the first of them.
notices = Table(
    "ledger_notices",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("source_name", Text, primary_key=True),
    Column("threshold", Text, primary_key=True),
    Column("is_crossed", Integer, nullable=False),
    Column("since", Float, nullable=False),
    Column("pending", AnyText, nullable=False),
    Column("telling_until", Float),
    sqlite_with_rowid=False,
)


def fresh_key_row(object_id: int, attribute: str, value: str, crm_id: int | str, now: float) -> dict[str, Any]:
    """Make the row of a match value that a write gave or took away."""
    text = json.dumps(crm_id)
    key = key_of(text)
    return {
        "object_id": object_id,
        "attribute": key_of(attribute),
        "value": key_of(value),
        "crm_id": key,
        "crm_id_text": None if key == text else text,
        "at": now,
    }
