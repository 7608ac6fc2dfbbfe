"""Alibaba Cloud SMS (阿里云短信): text the lead's owner, or one number, about each lead by an approved template."""

from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from pydantic import Field, SecretStr

from hub import (
    CloudKey,
    Codes,
    Lead,
    Rejected,
    Request,
    Response,
    Sent,
    TemplateTextSink,
    TextPath,
    acs3,
    hookimpl,
    to_json,
)

_SETTINGS = """
    isv.DAY_LIMIT_CONTROL isv.MONTH_LIMIT_CONTROL isv.SMS_SIGNATURE_SCENE_ILLEGAL isv.SIGN_STATE_ILLEGAL
    isv.SMS_SIGNATURE_ILLEGAL isv.SMS_SIGN_ILLEGAL isv.SMS_TEMPLATE_ILLEGAL isv.TEMPLATE_MISSING_PARAMETERS
    isv.TEMPLATE_PARAMS_ILLEGAL isv.EXTEND_CODE_ERROR isv.DOMESTIC_NUMBER_NOT_SUPPORTED isv.DENY_IP_RANGE
    isv.OUT_OF_SERVICE isv.AMOUNT_NOT_ENOUGH isv.PRODUCT_UN_SUBSCRIPT isv.PRODUCT_UNSUBSCRIBE isv.ACCOUNT_NOT_EXISTS
    isv.ACCOUNT_ABNORMAL isv.PARAM_NOT_SUPPORT_URL isp.RAM_PERMISSION_DENY SignatureDoesNotMatch
    IncompleteSignature InvalidAccessKeyId.NotFound InvalidAccessKeyId.Inactive InvalidTimeStamp.Expired
"""
_REFUSED = """
    isv.MOBILE_NUMBER_ILLEGAL isv.INVALID_PARAMETERS isv.SMS_CONTENT_ILLEGAL isv.PARAM_LENGTH_LIMIT
    isv.BLACK_KEY_CONTROL_LIMIT isv.INVALID_JSON_PARAM
"""


class AliyunSms(TemplateTextSink):
    """People who get a text about each lead, through Alibaba Cloud."""

    name = "aliyun_sms"
    title = "Alibaba Cloud SMS (阿里云短信)"
    docs_url = "https://help.aliyun.com/document_detail/419273.html"
    confirmed = (
        "SendSms, version 2017-05-25, is signed by ACS3-HMAC-SHA256; its parameters stand in the query (vendor docs)",
        "Code OK means accepted, and BizId names the text; another code comes with HTTP 200 or 4xx (vendor docs)",
        "There is no key for repeats, as the vendor says itself: a text that may have gone out is held for a person",
        "A person gets 50 notices a day of one template: isv.BUSINESS_LIMIT_CONTROL is tried again after an hour",
        "Signature and template are approved beforehand; their names are settings (vendor docs)",
        "Which codes ask for settings, such as isv.OUT_OF_SERVICE (help.aliyun.com/document_detail/101347.htm)",
    )
    unconfirmed = (
        "A value of a notice has at most 35 characters (developer.aliyun.com/ask/220871); `longest` changes it",
        "A variable may not be a whole address; the template has its start, and `link_base` says which",
        "A one-click link has about 100 characters behind `link_base`: ask for so long a variable, or show `id` there",
        "What the codes isv.MOBILE_NUMBER_ILLEGAL, Throttling.User, isp.SYSTEM_ERROR and their like mean",
        "Numbers outside the mainland by SendSms; give E.164 as everywhere",
    )
    rate = 5.0
    code_names = (("Code", "Message"),)
    codes = Codes(
        ok="OK",
        retry="Throttling Throttling.User Throttling.Api",
        busy="isv.BUSINESS_LIMIT_CONTROL",
        misconfigured=_SETTINGS,
        reject=_REFUSED,
        pause_seconds=3600,
    )
    doubtful = "isp.SYSTEM_ERROR isp.GATEWAY_ERROR SignatureNonceUsed"

    class Config(TemplateTextSink.Config):
        base_url: str = Field("https://dysmsapi.aliyuncs.com", description="Address of the API.")
        client_id: str = Field(description="AccessKey ID of a RAM user that may send texts.")
        client_secret: SecretStr = Field(description="AccessKey secret of that user.")
        signature: str = Field(description="Name of the approved signature (签名), without its brackets.")
        template: str = Field(description="Code of the approved template, such as SMS_123456789.")
        fields: dict[str, TextPath] = Field(
            default_factory=lambda: {"name": "name", "company": "company"},
            description="The template's variables, each with the field it holds, or links.take, .called or "
            ".not_interested for what a rep may click.",
        )

    config: Config

    def compose(self, lead: Lead, number: str) -> Request:
        """Return the request that texts a number about a lead, signed with the time of now."""
        config = self.config
        values = dict(zip(config.fields, self.values(lead, config.fields.values()), strict=True))
        query = {
            "PhoneNumbers": number,
            "SignName": config.signature,
            "TemplateCode": config.template,
            "TemplateParam": to_json(values).decode(),
            "OutId": lead.delivery.key,
        }
        key, now = CloudKey(config.client_id, config.client_secret.get_secret_value()), self.clock.now()
        nonce = str(uuid5(NAMESPACE_URL, f"{lead.delivery.key} {lead.delivery.attempt} {now.timestamp()}"))
        headers = acs3(key, now, nonce, urlsplit(config.base_url).netloc, "SendSms", "2017-05-25", query)
        return Request("POST", config.base_url.rstrip("/") + "/", headers=headers, params=query)

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the id of the text."""
        said = response.json()
        if said["Code"] != "OK":
            raise ValueError("neither accepted nor refused")
        return Sent(said.get("BizId"))


@hookimpl
def hub_register() -> Iterator[type[AliyunSms]]:
    """Register the connector."""
    yield AliyunSms
