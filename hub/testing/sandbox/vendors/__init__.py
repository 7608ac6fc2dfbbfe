"""The vendors of the sandbox, one module each."""

from __future__ import annotations

from hub.testing.sandbox.vendor import Vendor
from hub.testing.sandbox.vendors.dingtalk import DingTalk
from hub.testing.sandbox.vendors.feishu import Feishu
from hub.testing.sandbox.vendors.hubspot import HubSpot
from hub.testing.sandbox.vendors.jiandaoyun import Jiandaoyun
from hub.testing.sandbox.vendors.meta import Meta
from hub.testing.sandbox.vendors.salesforce import Salesforce
from hub.testing.sandbox.vendors.sheets import Sheets
from hub.testing.sandbox.vendors.slack import Slack
from hub.testing.sandbox.vendors.typeform import Typeform
from hub.testing.sandbox.vendors.webhook import Webhook
from hub.testing.sandbox.vendors.wecom import WeCom

VENDORS: tuple[type[Vendor], ...] = (
    HubSpot,
    Salesforce,
    Jiandaoyun,
    Sheets,
    Slack,
    DingTalk,
    WeCom,
    Feishu,
    Webhook,
    Meta,
    Typeform,
)
