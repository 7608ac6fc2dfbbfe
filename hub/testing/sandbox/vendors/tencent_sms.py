"""Tencent Cloud SMS 腾讯云短信: SendSms (cloud.tencent.com/document/product/382/55981)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route
from hub.testing.sandbox.vendors.cloud_signatures import claim_of, derived, is_signed

SCHEME, VERSION, EXPIRES = "TC3-HMAC-SHA256", "2021-01-11", 300.0
MOST_NUMBERS = 200

_NUMBER = re.compile(r"(?:\+[1-9][0-9]{6,14}|1[3-9][0-9]{9})")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class TencentSms(Vendor):
    """`/tencent_sms/`; settings: `keys` (id to secret), `apps`, `templates` (id to number of variables), `signatures`.

    Every answer is HTTP 200. One person gets one text in thirty seconds and ten a day here.
    """

    name = "tencent_sms"
    limits: ClassVar[Mapping[str, Limit]] = {
        "account": Limit(3_000, 1.0),
        "ThirtySecondLimit": Limit(1, 30.0),
        "DailyLimit": Limit(10, 86_400.0),
    }

    def clear(self) -> None:
        """Forget the texts."""
        self._texts: list[dict[str, Any]] = []

    @route("POST", "/")
    def send_sms(self, call: Call) -> Reply:
        """Text up to 200 numbers, each with a code of its own."""
        self._verify(call)
        if call.headers.get("x-tc-action") != "SendSms":
            return _error("InvalidAction", "The action is not found.")
        if call.headers.get("x-tc-version") != VERSION or not call.headers.get("x-tc-region"):
            return _error("MissingParameter", "The request misses the parameter `Region`.")
        asked = call.json_object()
        self._check(asked)
        self.spend("account")
        listed = [self._status(call, asked, number) for number in asked["PhoneNumberSet"]]
        return Reply.json({"Response": {"SendStatusSet": listed, "RequestId": "sandbox"}})

    def unauthorized(self) -> Reply:
        """Answer as for a SecretId that does not exist."""
        return _error("AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that it is correct.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer as for too many calls in a second."""
        return _error("RequestLimitExceeded", "Your current request times equals to limit in a second.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer with an error."""
        return _error(str(code or "InternalError.Timeout"), "Request timed out.")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body that is no JSON."""
        return _error("InvalidParameter", "The request body is not a valid JSON object.")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the texts: serial, phone, signature, template, values, session."""
        return iter(self._texts)

    def _verify(self, call: Call) -> None:
        claim, keys = claim_of(call, SCHEME), self.settings.get("keys", {})
        if claim is None or claim.key not in keys:
            raise Refused(self.unauthorized())
        stamp = call.headers.get("x-tc-timestamp", "")
        if not stamp.isdigit() or abs(self.clock.now().timestamp() - int(stamp)) > EXPIRES:
            raise Refused(_error("AuthFailure.SignatureExpire", "The request is expired, check the clock."))
        day = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
        start, key = f"{stamp}\n{claim.scope}\n", derived(f"TC3{keys[claim.key]}", claim.scope)
        fits = claim.scope == f"{day}/sms/tc3_request" and {"content-type", "host"} <= set(claim.headers)
        if not fits or not is_signed(call, claim, SCHEME, key, start, "/"):
            words = "The provided credentials could not be validated. Please check your signature is correct."
            raise Refused(_error("AuthFailure.SignatureFailure", words))

    def _check(self, asked: Mapping[str, Any]) -> None:
        """Refuse the whole call for a parameter that is missing or not known."""
        numbers, apps = asked.get("PhoneNumberSet"), self.settings.get("apps")
        if not isinstance(numbers, list) or not 0 < len(numbers) <= MOST_NUMBERS:
            raise Refused(_error("LimitExceeded.PhoneNumberCountLimit", "PhoneNumberSet has 1 to 200 numbers."))
        if not asked.get("TemplateId") or not asked.get("SmsSdkAppId"):
            raise Refused(_error("MissingParameter", "TemplateId or SmsSdkAppId is missing."))
        if apps is not None and asked["SmsSdkAppId"] not in apps:
            raise Refused(_error("UnauthorizedOperation.SmsSdkAppIdVerifyFail", "SmsSdkAppId verify fail"))
        values = asked.get("TemplateParamSet", [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Refused(_error("InvalidParameterValue.TemplateParameterFormatError", "TemplateParamSet"))

    def _status(self, call: Call, asked: Mapping[str, Any], number: str) -> dict[str, Any]:
        code = self._wrong(asked, number)
        serial = "" if code else f"5000:10457106691530{len(self._texts):06d}"
        if code is None:
            self.created(call, asked["TemplateId"], asked.get("SessionContext"))
            kept = {
                "signature": asked["SignName"],
                "template": asked["TemplateId"],
                "values": asked["TemplateParamSet"],
            }
            self._texts.append({"serial": serial, "phone": number, "session": asked.get("SessionContext"), **kept})
        said = {"SerialNo": serial, "PhoneNumber": number, "Fee": 0 if code else 1, "IsoCode": "CN"}
        words = "send success" if code is None else f"sms failed: {code}"
        return {**said, "SessionContext": asked.get("SessionContext", ""), "Code": code or "Ok", "Message": words}

    def _wrong(self, asked: Mapping[str, Any], number: str) -> str | None:
        names, templates, values = (
            self.settings.get("signatures"),
            self.settings.get("templates"),
            asked["TemplateParamSet"],
        )
        if not isinstance(number, str) or not _NUMBER.fullmatch(number):
            return "InvalidParameterValue.IncorrectPhoneNumber"
        if names is not None and asked.get("SignName") not in names:
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        if templates is not None and asked["TemplateId"] not in templates:
            return "FailedOperation.TemplateIncorrectOrUnapproved"
        if templates is not None and templates[asked["TemplateId"]] != len(values):
            return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
        if any(_ADDRESS.match(value) for value in values):
            return "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"
        for limit in ("ThirtySecondLimit", "DailyLimit"):
            try:
                self.spend(limit, number)
            except Refused:
                return f"LimitExceeded.PhoneNumber{limit}"
        return None


def _error(code: str, words: str) -> Reply:
    return Reply.json({"Response": {"Error": {"Code": code, "Message": words}, "RequestId": "sandbox"}})
