"""Alibaba Cloud SMS 阿里云短信: SendSms and QuerySendDetails (help.aliyun.com/document_detail/419273.html)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route
from hub.testing.sandbox.vendors.cloud_signatures import claim_of, is_near, is_signed

SCHEME, VERSION = "ACS3-HMAC-SHA256", "2017-05-25"
LONGEST_VALUE = 35

_NUMBER = re.compile(r"(?:\+86|0086|86)?1[3-9][0-9]{9}")
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class AliyunSms(Vendor):
    """`/aliyun_sms/?PhoneNumbers=…`; settings: `keys` (id to secret), `templates` (code to variables), `signatures`.

    One person gets one text a minute here of each template and 50 a day; a nonce counts once.
    """

    name = "aliyun_sms"
    limits: ClassVar[Mapping[str, Limit]] = {"person": Limit(50, 86_400.0), "account": Limit(5_000, 1.0)}

    def clear(self) -> None:
        """Forget the texts and the nonces."""
        self._texts: list[dict[str, Any]] = []
        self._nonces: set[str] = set()

    @route("POST", "/")
    def call(self, call: Call) -> Reply:
        """Run the action that the header names."""
        self._verify(call)
        if call.headers.get("x-acs-version") != VERSION:
            return _error(404, "InvalidVersion", "Specified parameter Version is not valid.")
        actions = {"SendSms": self._send, "QuerySendDetails": self._details}
        action = actions.get(call.headers.get("x-acs-action", ""))
        return action(call) if action else _error(404, "InvalidAction.NotFound", "Specified api is not found.")

    def unauthorized(self) -> Reply:
        """Answer as for an AccessKey that does not exist."""
        return _error(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer with the code of the limit: of one person with HTTP 200, of the account with 400."""
        if limit == "person":
            return _error(200, "isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50")
        return _error(400, "Throttling.User", "Request was denied due to user flow control.")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return _error(200, str(code or "isv.AMOUNT_NOT_ENOUGH"), "账户余额不足")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a parameter that is no JSON."""
        return _error(200, "isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the texts: biz_id, phone, signature, template, values, out_id."""
        return iter(self._texts)

    def _verify(self, call: Call) -> None:
        claim, keys = claim_of(call, SCHEME), self.settings.get("keys", {})
        if claim is None or claim.key not in keys:
            raise Refused(self.unauthorized())
        signed = {"host", *(name for name in call.headers if name.startswith("x-acs-"))}
        if not is_near(call.headers.get("x-acs-date", ""), "%Y-%m-%dT%H:%M:%SZ", self.clock.now()):
            raise Refused(_error(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."))
        if not signed <= set(claim.headers) or not is_signed(call, claim, SCHEME, keys[claim.key].encode(), "", "/"):
            words = "Specified signature is not matched with our calculation."
            raise Refused(_error(400, "SignatureDoesNotMatch", words))
        nonce = call.headers.get("x-acs-signature-nonce", "")
        if nonce in self._nonces:
            raise Refused(_error(400, "SignatureNonceUsed", "The request signature nonce has been used."))
        self._nonces.add(nonce)

    def _send(self, call: Call) -> Reply:
        asked = call.query
        values, phones = self._values(asked), asked.get("PhoneNumbers", "").split(",")
        if not all(_NUMBER.fullmatch(phone) for phone in phones):
            return _error(200, "isv.MOBILE_NUMBER_ILLEGAL", "非法手机号")
        self.spend("account")
        for phone in phones:
            self.spend("person", phone[-11:] + asked["TemplateCode"])
        biz = f"9006197469364{len(self._texts):05d}^0"
        self.created(call, asked["TemplateCode"], asked.get("OutId"))
        said = {"signature": asked["SignName"], "template": asked["TemplateCode"], "values": values}
        self._texts += [{"biz_id": biz, "phone": phone[-11:], "out_id": asked.get("OutId"), **said} for phone in phones]
        return Reply.json({"Message": "OK", "RequestId": "sandbox", "Code": "OK", "BizId": biz})

    def _values(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Return the values of the template's variables; refuses what the vendor refuses."""
        names, templates = self.settings.get("signatures"), self.settings.get("templates")
        if names is not None and asked.get("SignName") not in names:
            raise Refused(_error(200, "isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法"))
        if templates is not None and asked.get("TemplateCode") not in templates:
            raise Refused(_error(200, "isv.SMS_TEMPLATE_ILLEGAL", "短信模版不合法"))
        try:
            values = json.loads(asked.get("TemplateParam") or "{}")
        except ValueError:
            values = None
        if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
            raise Refused(_error(200, "isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值"))
        if not set((templates or {}).get(asked.get("TemplateCode"), ())) <= values.keys():
            raise Refused(_error(200, "isv.TEMPLATE_MISSING_PARAMETERS", "模版缺少变量"))
        if any(_ADDRESS.match(value) for value in values.values()):
            raise Refused(_error(200, "isv.PARAM_NOT_SUPPORT_URL", "变量不支持传入URL"))
        if any(not 0 < len(value) <= LONGEST_VALUE for value in values.values()):
            raise Refused(_error(200, "isv.PARAM_LENGTH_LIMIT", "参数超过长度限制"))
        return values

    def _details(self, call: Call) -> Reply:
        phone = call.query.get("PhoneNumber", "")[-11:]
        found = [text for text in self._texts if text["phone"] == phone]
        said = [{"PhoneNum": phone, "OutId": text["out_id"], "TemplateCode": text["template"]} for text in found]
        listed = {"SmsSendDetailDTOs": {"SmsSendDetailDTO": said}, "TotalCount": len(said)}
        return Reply.json({"Code": "OK", "Message": "OK", "RequestId": "sandbox", **listed})


def _error(status: int, code: str, words: str) -> Reply:
    return Reply.json({"Message": words, "RequestId": "sandbox", "Code": code}, status)
