"""Base of all chapters: turns an action into an endpoint, with failures inside an answer of status 200."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from crm_emulator.apptivo.answers import ALREADY_EXISTS, AlreadyExistsError, FailureError, failure
from crm_emulator.apptivo.parameters import is_json, parameters
from crm_emulator.messages import Answer, Request, json_answer
from crm_emulator.routing import Route

if TYPE_CHECKING:
    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.messages import Record

Action = Callable[[Mapping[str, str]], Any]
"""The action of a route: takes the parameters of a call, returns the JSON of its answer, raises FailureError."""


class Actions:
    """Base of a group of actions over an account.

    A JSON body stands for the parameter ``data_name`` where the switch allows the JSON style (sections 1, 13).
    """

    def __init__(self, account: ApptivoAccount) -> None:
        self.account = account

    def reads(self, path: str, action: Action, source: str, remark: str = "") -> Route:
        """Make a route that changes nothing."""
        return Route("GET", path, self._endpoint(action, ""), source, remark)

    def writes(
        self, path: str, action: Action, source: str, remark: str = "", *, method: str = "POST", data_name: str = ""
    ) -> Route:
        """Make a route that changes records; a failure leaves no change behind."""

        def all_or_nothing(values: Mapping[str, str]) -> Any:
            with self.account.store.savepoint():
                return action(values)

        return Route(method, path, self._endpoint(all_or_nothing, data_name), source, remark, writes=True)

    def user(self, values: Mapping[str, str]) -> Record:
        """Return the employee on whose behalf the call is made; raises FailureError."""
        found = self.account.user(values)
        if found is None:
            raise FailureError(f"Invalid userName: {values['userName']}")
        return found

    def _endpoint(self, action: Action, data_name: str) -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            values = {**parameters(request), **request.parameters}
            if data_name and self.account.switches.rest_style and is_json(request):
                values[data_name] = request.body.decode("utf-8", "replace")
            try:
                return json_answer(200, action(values))
            except FailureError as wrong:
                return failure(str(wrong))
            except AlreadyExistsError:
                return json_answer(200, ALREADY_EXISTS)

        return answer
