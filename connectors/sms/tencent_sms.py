"""Tencent Cloud SMS (腾讯云短信): text the lead's owner, or one number, about each lead by an approved template."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

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
    hookimpl,
    readable,
    tc3,
    to_json,
)

_PERSON = """
    LimitExceeded.PhoneNumberThirtySecondLimit LimitExceeded.PhoneNumberOneHourLimit
    LimitExceeded.PhoneNumberDailyLimit LimitExceeded.PhoneNumberSameContentDailyLimit
    LimitExceeded.PhoneNumberCountLimit LimitExceeded.DeliveryFrequencyLimit
"""
_SETTINGS = """
    AuthFailure UnauthorizedOperation MissingParameter UnsupportedOperation UnsupportedRegion UnknownParameter
    InvalidAction InvalidParameterValue.SdkAppIdNotExist IpInBlacklist IpNotInWhitelist NoSuchVersion NoSuchProduct
    ActionOffline LimitExceeded.AppCountryOrRegionDailyLimit LimitExceeded.AppMainlandChinaDailyLimit
    LimitExceeded.DailyLimit FailedOperation.InsufficientBalanceInSmsPackage FailedOperation.MissingTemplateToModify
    FailedOperation.SignatureIncorrectOrUnapproved FailedOperation.TemplateIncorrectOrUnapproved
    FailedOperation.TemplateParamSetNotMatchApprovedTemplate FailedOperation.TemplateUnapprovedOrNotExist
    FailedOperation.JsonParseFail FailedOperation.MissingSignature FailedOperation.NotEnterpriseCertification
    InternalError.SigVerificationFail InternalError.SigFieldMissing InternalError.RestApiInterfaceNotExist
    InvalidParameterValue.ProhibitedUseUrlInTemplateParameter
"""
_REFUSED = """
    InvalidParameter InvalidParameterValue FailedOperation.ContainSensitiveWord FailedOperation.PhoneNumberInBlacklist
    FailedOperation.MarketingSendTimeConstraint FailedOperation.FailResolvePacket FailedOperation.PhoneNumberParseFail
    UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber
"""


class TencentSms(TemplateTextSink):
    """People who get a text about each lead, through Tencent Cloud."""

    name = "tencent_sms"
    title = "Tencent Cloud SMS (腾讯云短信)"
    docs_url = "https://cloud.tencent.com/document/product/382/55981"
    confirmed = (
        "SendSms, version 2021-01-11, wants a region and is signed by TC3-HMAC-SHA256 by the date of UTC (docs)",
        "Response.Error says why nothing was sent; else SendStatusSet has a Code for each number (vendor docs)",
        "TemplateParamSet are texts, as many as the template has (vendor docs)",
        "RequestLimitExceeded passes; AuthFailure, UnauthorizedOperation and IpNotInWhitelist are settings (docs)",
        "A variable may not be an address; the template has it (tencentcloud.com/document/product/382/13301)",
        "A value has at most 12 characters (cloud.tencent.com/document/product/382/3771); `longest` changes it",
        "What the codes mean (cloud.tencent.com/document/api/382/59177), the caps of one person among them",
        "SessionContext is only given back: there is no key for repeats, so a doubtful text is held for a person",
    )
    unconfirmed = (
        "How long a person's caps last; such a text is tried again after an hour",
        "A one-click link has about 100 characters behind `link_base`: ask for so long a variable, or show `id` there",
        "InternalError is documented as one to try again; as a text is paid for, it is held for a person instead",
    )
    rate = 5.0
    codes = Codes(
        ok="Ok", retry="RequestLimitExceeded LimitExceeded", busy=_PERSON, misconfigured=_SETTINGS, reject=_REFUSED,
        pause_seconds=3600,
    )  # fmt: skip
    doubtful = "InternalError FailedOperation"

    class Config(TemplateTextSink.Config):
        base_url: str = Field("https://sms.tencentcloudapi.com", description="Address of the API.")
        client_id: str = Field(description="SecretId of a CAM user that may send texts.")
        client_secret: SecretStr = Field(description="SecretKey of that user.")
        region: str = Field("ap-guangzhou", description="Region of the service, such as ap-guangzhou.")
        account_id: str = Field(description="SdkAppId of the SMS application.")
        signature: str = Field(description="Content of the approved signature (签名), without its brackets.")
        template: str = Field(description="Id of the approved template.")
        longest: int = Field(12, ge=1, le=500, description="Most characters a value has; a longer one is cut.")
        fields: tuple[TextPath, ...] = Field(
            ("name", "company"),
            description="The fields that the template's variables {1}, {2} … hold, in order, or links.take, .called "
            "or .not_interested for what a rep may click.",
        )

    config: Config

    def compose(self, lead: Lead, number: str) -> Request:
        """Return the request that texts a number about a lead, signed with the time of now."""
        config = self.config
        body = to_json(
            {
                "PhoneNumberSet": [number],
                "SmsSdkAppId": config.account_id,
                "SignName": config.signature,
                "TemplateId": config.template,
                "TemplateParamSet": self.values(lead, config.fields),
                "SessionContext": lead.delivery.key,
            }
        )
        key = CloudKey(config.client_id, config.client_secret.get_secret_value())
        signed = tc3(key, self.clock.now(), urlsplit(config.base_url).netloc, "sms", body)
        action = {"X-TC-Action": "SendSms", "X-TC-Version": "2021-01-11", "X-TC-Region": config.region}
        return Request("POST", config.base_url.rstrip("/") + "/", headers={**signed, **action}, content=body)

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return code and words of the error, or of the one text; the family of a code that is not known itself."""
        said = readable(response)
        inside = said.get("Response") if isinstance(said, dict) else None
        told = inside.get("Error") or _status(inside) if isinstance(inside, dict) else None
        if not isinstance(told, dict) or not isinstance(told.get("Code"), str):
            return None
        code, words = told["Code"], str(told.get("Message") or "")
        if self.codes.verdict(code) or code in self.doubtful.split():
            return code, words
        return code.partition(".")[0], f"{code} {words}"

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the serial number of the text."""
        return Sent(str(_status(response.json()["Response"])["SerialNo"]))


def _status(said: dict[str, Any]) -> dict[str, Any]:
    """Return what became of the one text; raises KeyError where nothing is said of it."""
    listed = said.get("SendStatusSet")
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}


@hookimpl
def hub_register() -> Iterator[type[TencentSms]]:
    """Register the connector."""
    yield TencentSms
