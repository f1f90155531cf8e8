"""Files: what is known about them, not their contents (reference section 3.8)."""

from __future__ import annotations

import mimetypes

from crm_emulator.copper import records
from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.answers import InvalidError, NotFoundError, invalid, unrecognized
from crm_emulator.copper.endpoints.base import endpoint, record_id, sent_object
from crm_emulator.copper.objects.companies import COMPANIES
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.objects.leads import LEADS
from crm_emulator.copper.objects.opportunities import OPPORTUNITIES
from crm_emulator.copper.objects.people import PEOPLE
from crm_emulator.copper.objects.projects import PROJECTS
from crm_emulator.messages import Record, Request
from crm_emulator.routing import Route

_WITH_FILES = (LEADS, PEOPLE, OPPORTUNITIES, COMPANIES, PROJECTS)
_UPLOADS = "temp_uploads/"


def routes(account: CopperAccount) -> tuple[Route, ...]:
    """List, fetch, and the first and last steps of an upload."""
    found: list[Route] = []
    for crm_object in _WITH_FILES:
        files = Files(account, crm_object)
        path = f"/{crm_object.name}/{{id}}/files"
        remark = "step 3 of an upload; step 2 is not imitated: any temp_uploads/ key is taken, of size 0"
        first = "step 1 of an upload; the form of the answer is a guess"
        found += [
            Route("GET", path, endpoint(files.all), "§3.8"),
            Route("GET", f"{path}/s3_signed_url", endpoint(files.signed_url), "§10", first),
            Route("GET", f"{path}/{{file_id}}", endpoint(files.one), "§3.8"),
            Route("POST", path, endpoint(files.create), "§3.8", remark, writes=True),
        ]
    return tuple(found)


class Files:
    """The files of one object's records."""

    def __init__(self, account: CopperAccount, crm_object: CustomerObject) -> None:
        self._account = account
        self._crm_object = crm_object

    def all(self, request: Request) -> list[Record]:
        """Return the files of a record."""
        parent = self._parent(request)
        found = self._account.matching("files", "parent_id = ? AND parent_type = ?", parent, self._crm_object.singular)
        return [_shown(file) for file in found]

    def one(self, request: Request) -> Record:
        """Return one file of a record."""
        wanted = record_id(request, "file_id")
        for file in self.all(request):
            if file["id"] == wanted:
                return file
        raise NotFoundError

    def signed_url(self, request: Request) -> dict[str, str]:
        """Return where to upload a file, and the key to link it by."""
        key = f"{_UPLOADS}{self._crm_object.singular}-{self._parent(request)}"
        return {"signed_url": f"https://uploads.emulator.example/{key}", "key": key}

    def create(self, request: Request) -> Record:
        """Link an upload to a record."""
        parent = self._parent(request)
        sent = sent_object(request)
        unknown = [name for name in sent if name not in {"file_name", "key"}]
        if unknown:
            raise InvalidError([unrecognized(unknown)])
        missing = [name for name in ("file_name", "key") if not isinstance(sent.get(name), str) or not sent[name]]
        if missing:
            raise InvalidError([(name, "can't be blank", "blank") for name in missing])
        if not sent["key"].startswith(_UPLOADS):
            raise invalid("key", f"must begin with {_UPLOADS}")
        file = {
            "id": self._account.new_id("files"),
            "is_deleted": False,
            "file_name": sent["file_name"],
            "file_size": 0,
            "content_type": mimetypes.guess_type(sent["file_name"])[0] or "application/octet-stream",
            "creator_id": self._account.owner_id,
            "date_created": self._account.clock.seconds(),
            "date_modified": None,
        }
        self._account.put("files", {**file, "parent": {"id": parent, "type": self._crm_object.singular}})
        return file

    def _parent(self, request: Request) -> int:
        number = record_id(request)
        records.fetch(self._account, self._crm_object, number)
        return number


def _shown(file: Record) -> Record:
    return {name: value for name, value in file.items() if name != "parent"}
