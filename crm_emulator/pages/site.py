"""The pages' routes, and the answers they give."""

from __future__ import annotations

from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crm_emulator.access import COOKIE
from crm_emulator.addresses import is_loopback
from crm_emulator.control import set_switches
from crm_emulator.messages import Answer, Request
from crm_emulator.pages import forms, views
from crm_emulator.routing import Route, Router
from crm_emulator.strictness import Strictness, set_strictness
from crm_emulator.vendor import UnknownObjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment

    from crm_emulator.access import Access
    from crm_emulator.crms import EmulatedCrms
    from crm_emulator.vendor import Vendor

_SOURCE = "docs/emulator.md"
_STATIC = {"style.css": "text/css; charset=utf-8", "live.js": "text/javascript; charset=utf-8"}
_STYLE = "/static/{name}"
_ICON = "/favicon.ico"  # which browsers ask for where a CRM's answer is shown
_UNKNOWN_VISITOR = 401
_ON_OVERVIEW = 10
_NOTIFICATIONS = 20
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),  # with no-referrer, browsers send forms with the origin "null"
    ("Cache-Control", "no-store"),
)


class Pages:
    """Pages for browsers; they show and do what the control API shows and does."""

    def __init__(self, crms: EmulatedCrms, access: Access) -> None:
        self._crms = crms
        self._access = access
        self._router = Router(self.routes())

    def routes(self) -> tuple[Route, ...]:
        """Return all routes."""
        return (
            self._page("GET", "/", self._overview),
            self._page("GET", "/meters", self._meters),
            self._page("GET", "/requests", self._requests),
            self._page("GET", "/requests/rows", self._rows),
            self._page("GET", "/requests/{number}", self._request),
            self._page("POST", "/requests/clear", self._forget_requests),
            self._page("GET", "/trouble", self._trouble),
            self._page("POST", "/trouble", self._add_trouble),
            self._page("POST", "/trouble/clear", self._clear_trouble),
            self._page("GET", "/crm/{crm}", self._crm),
            self._page("POST", "/crm/{crm}/switches", self._set_switches),
            self._page("POST", "/crm/{crm}/strictness", self._set_strictness),
            self._page("POST", "/crm/{crm}/webhooks", self._fire_webhooks),
            self._page("POST", "/crm/{crm}/quota", self._set_quota),
            self._page("GET", "/crm/{crm}/{object}", self._records),
            self._page("GET", "/crm/{crm}/{object}/{id}", self._record),
            self._page("GET", _STYLE, self._static),
            self._page("GET", _ICON, lambda _request: Answer(204)),
        )

    def _page(self, method: str, path: str, action: Callable[[Request], Answer]) -> Route:
        return Route(method, path, action, _SOURCE)

    def answer(self, request: Request) -> Answer | None:
        """Answer a request for a page; None where no page is."""
        found = self._router.find(request.method, request.path)
        if found is None:
            return None
        route, parameters = found
        given = request.query.get("token", "").strip()
        if request.method == "GET" and self._access.is_token(given):
            return _redirect(
                "/" + quote(request.path.lstrip("/"), safe="/%"),
                ("Set-Cookie", f"{COOKIE}={given}; Path=/; HttpOnly; SameSite=Strict"),
            )
        refusal = self._access.refusal(request)
        if refusal is not None and route.path not in {_STYLE, _ICON}:
            if refusal.status == _UNKNOWN_VISITOR:
                return self._rendered("token.html", refusal.status, path=request.path, wrong=bool(given))
            return self._refusal(refusal.status, f"{refusal.said[0].upper()}{refusal.said[1:]}.")
        routed = Request(
            request.method, request.path, request.query, request.headers, request.body, route.path, parameters
        )
        try:
            return route.endpoint(routed)
        except UnknownObjectError as missing:
            return self._refusal(404, str(missing))

    # Rendering

    @cached_property
    def _templates(self) -> Environment:
        from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - most emulators show no page

        return Environment(
            loader=PackageLoader("crm_emulator.pages"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def _rendered(self, name: str, status: int = 200, **values: Any) -> Answer:
        shown = next((each for each in self._crms.vendors if each.account_name == self._shown_crm(values)), None)
        customer = shown.customer if shown else 1
        menu = [("/", "Overview"), ("/requests", "Requests"), ("/trouble", "Trouble")]
        own = self._crms.accounts[customer - 1].vendors
        menu += [(f"/crm/{vendor.account_name}", views.title(vendor)) for vendor in own]
        crm_name = shown.name if shown else "copper"
        text = self._templates.get_template(name).render(
            emulator=self._crms,
            menu=menu,
            accounts=views.other_accounts(self._crms, crm_name),
            account=customer if shown else None,
            quoted=_quoted,
            is_open=not is_loopback(self._crms.host),
            **values,
        )
        return Answer(status, text.encode(), "text/html; charset=utf-8", _HEADERS)

    @staticmethod
    def _shown_crm(values: Mapping[str, Any]) -> str:
        """Return the name of the CRM that a page is about; empty where it is about none."""
        crm = values.get("crm")
        return crm.name if isinstance(crm, views.Crm) else ""

    def _refusal(self, status: int, said: str) -> Answer:
        return self._rendered("refusal.html", status, said=said)

    # Pages

    def _overview(self, _request: Request) -> Answer:
        log_filter = views.LogFilter(last=_ON_OVERVIEW)
        rows = views.log(self._crms, log_filter)
        return self._rendered("overview.html", crms=views.crms(self._crms), rows=rows, log_filter=log_filter)

    def _meters(self, _request: Request) -> Answer:
        return self._rendered("meters.html", crms=views.crms(self._crms))

    def _crm(self, request: Request) -> Answer:
        return self._crm_page(self._vendor(request), "")

    def _crm_page(self, vendor: Vendor, wrong: str) -> Answer:
        notifications = None if vendor.outbox is None else vendor.outbox.notifications[: -_NOTIFICATIONS - 1 : -1]
        return self._rendered(
            "crm.html",
            400 if wrong else 200,
            crm=views.crm(self._crms, vendor),
            switches=views.switches(vendor),
            notifications=notifications,
            wrong=wrong,
        )

    def _records(self, request: Request) -> Answer:
        vendor = self._vendor(request)
        page = views.records(vendor, request.parameters["object"], views.RecordFilter.from_query(request.query))
        return self._rendered("records.html", crm=views.crm(self._crms, vendor), page=page)

    def _record(self, request: Request) -> Answer:
        vendor, name = self._vendor(request), request.parameters["object"]
        record = views.record(vendor, name, request.parameters["id"])
        return self._rendered("record.html", crm=views.crm(self._crms, vendor), object_name=name, record=record)

    def _requests(self, request: Request) -> Answer:
        return self._rendered("requests.html", **self._log(request))

    def _rows(self, request: Request) -> Answer:
        return self._rendered("rows.html", **self._log(request))

    def _log(self, request: Request) -> dict[str, Any]:
        log_filter = views.LogFilter.from_query(request.query)
        return {"rows": views.log(self._crms, log_filter), "log_filter": log_filter, "names": views.names(self._crms)}

    def _request(self, request: Request) -> Answer:
        number = request.parameters["number"]
        found = next((each for each in self._crms.requests if str(each.number) == number), None)
        if found is None:
            return self._refusal(404, f"The log holds no request {number}.")
        return self._rendered(
            "request.html",
            logged=found,
            body=views.pretty(found.shown_body),
            answer=views.pretty(found.shown_answer),
            names=views.names(self._crms),
        )

    def _trouble(self, request: Request) -> Answer:
        return self._trouble_page(forms.filled(request.query), "")

    def _trouble_page(self, sent: dict[str, str], wrong: str) -> Answer:
        status = 400 if wrong else 200
        plan = self._crms.faults
        kinds, names = forms.KINDS, views.names(self._crms)
        return self._rendered("trouble.html", status, sent=sent, wrong=wrong, kinds=kinds, names=names, plan=plan)

    def _static(self, request: Request) -> Answer:
        name = request.parameters["name"]
        if name not in _STATIC:
            return self._refusal(404, f"There is no {name}.")
        content = files("crm_emulator.pages").joinpath("static", name).read_bytes()
        return Answer(200, content, _STATIC[name], _HEADERS)

    # Forms

    def _add_trouble(self, request: Request) -> Answer:
        sent = forms.filled({})
        try:
            sent = forms.filled(forms.trouble_sent(request))
            self._crms.trouble(forms.fault(sent))
        except ValueError as wrong:
            return self._trouble_page(sent, str(wrong))
        return _redirect("/trouble")

    def _clear_trouble(self, _request: Request) -> Answer:
        self._crms.no_trouble()
        return _redirect("/trouble")

    def _forget_requests(self, _request: Request) -> Answer:
        self._crms.journal.clear()
        return _redirect("/requests")

    def _set_switches(self, request: Request) -> Answer:
        vendor = self._vendor(request)
        return self._set(
            vendor, lambda: set_switches(vendor, forms.switches(vendor, forms.switches_sent(vendor, request)))
        )

    def _set_strictness(self, request: Request) -> Answer:
        vendor = self._vendor(request)
        words = [each.value for each in Strictness]
        return self._set(vendor, lambda: set_strictness(vendor, Strictness(forms.choice(request, "strictness", words))))

    def _set(self, vendor: Vendor, action: Callable[[], object]) -> Answer:
        """Carry out what a form on a CRM's page asks for; what is wrong with it is shown there."""
        try:
            action()
        except ValueError as wrong:
            return self._crm_page(vendor, str(wrong))
        return _redirect(f"/crm/{vendor.account_name}")

    def _fire_webhooks(self, request: Request) -> Answer:
        vendor = self._vendor(request)
        if vendor.outbox is not None:
            vendor.outbox.fire()
        return _redirect(f"/crm/{vendor.account_name}")

    def _set_quota(self, request: Request) -> Answer:
        vendor = self._vendor(request)
        rates = {"vendor": None, "none": ()}
        return self._set(vendor, lambda: vendor.use_quota(rates[forms.choice(request, "rates", rates)]))

    def _vendor(self, request: Request) -> Vendor:
        name = request.parameters["crm"]
        found = next((vendor for vendor in self._crms.vendors if vendor.account_name == name), None)
        if found is None:
            raise UnknownObjectError(f"There is no CRM {name}.")
        found.ensure_ready()
        return found


def _redirect(path: str, *headers: tuple[str, str]) -> Answer:
    """Redirect to a page, so that reloading it does not send the form again."""
    return Answer(303, b"", "text/plain", (("Location", path), *headers, *_HEADERS))


def _quoted(text: Any) -> str:
    return quote(str(text), safe="")
