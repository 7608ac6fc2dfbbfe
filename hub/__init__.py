"""The face of leadhub: the names a connector or a plugin may import."""

from hub.errors import BadInput, Misconfigured, Retry, Unclear, Unverified
from hub.escape import (
    cell,
    cut,
    cut_bytes,
    dingtalk_markdown,
    feishu_text,
    header,
    line,
    printable,
    slack,
    utf8_size,
    wecom_markdown,
)
from hub.families.browser import Site, WebPage, by_script, cors, listed, return_page
from hub.families.changes import Changes, ChangesFeedback
from hub.families.chat import ChatSink, Codes, RobotSink, web_address
from hub.families.conversion import ConversionSink, digits, gmail_email, hashed, milliseconds, plain_email, plain_name
from hub.families.csvlog import CsvLog
from hub.families.disk import replace_file
from hub.families.filesink import FileSink
from hub.families.google import GoogleCaller
from hub.families.mailbox import Mailbox
from hub.families.mailer import MailAddress, MailServer, mail_address
from hub.families.message import Message, Teller, Wording
from hub.families.meta_graph import Graph, time_filter
from hub.families.oauth import OAuthCaller
from hub.families.polling import Sweep, Sweeps, SweepSource, Window, all_pages
from hub.families.record import Record
from hub.families.table import Columns
from hub.fields import DEFAULT_COLUMNS, FieldPath, fill, iso, lead_dict, pick, text, to_json
from hub.files import Row, Table, card_fields, is_card, local_time, mail_lead
from hub.hookspecs import hookimpl
from hub.http import Reply, Request, Response, Verdict, basic, bearer, readable, segment
from hub.inbound import Inbound
from hub.instant import instant
from hub.lead import Lead, Page, Problem, RawLead, Rejected, Sent
from hub.news import Activity, Feedback, News
from hub.outcome import Disposition, Occasion
from hub.signing import (
    check_hmac,
    check_key,
    check_timestamp,
    header_parts,
    read_time,
    secrets_of,
    sign_hmac,
    sign_time,
)
from hub.sink import HttpBatchSink, HttpSink, Outcome, Outcomes, Sink, Token
from hub.source import FileSource, PollSource, Receipt, WebhookSource, fetch, fetch_json
from hub.step import Assignment, Options, Stop, Work, enricher, mapping_function, step, strategy
from hub.strictjson import an_object, objects
from hub.zone import TimeZone, until_midnight

__version__ = "0.1.0"

__all__ = [
    "DEFAULT_COLUMNS",
    "Activity",
    "Assignment",
    "BadInput",
    "Changes",
    "ChangesFeedback",
    "ChatSink",
    "Codes",
    "Columns",
    "ConversionSink",
    "CsvLog",
    "Disposition",
    "Feedback",
    "FieldPath",
    "FileSink",
    "FileSource",
    "GoogleCaller",
    "Graph",
    "HttpBatchSink",
    "HttpSink",
    "Inbound",
    "Lead",
    "MailAddress",
    "MailServer",
    "Mailbox",
    "Message",
    "Misconfigured",
    "News",
    "OAuthCaller",
    "Occasion",
    "Options",
    "Outcome",
    "Outcomes",
    "Page",
    "PollSource",
    "Problem",
    "RawLead",
    "Receipt",
    "Record",
    "Rejected",
    "Reply",
    "Request",
    "Response",
    "Retry",
    "RobotSink",
    "Row",
    "Sent",
    "Sink",
    "Site",
    "Stop",
    "Sweep",
    "SweepSource",
    "Sweeps",
    "Table",
    "Teller",
    "TimeZone",
    "Token",
    "Unclear",
    "Unverified",
    "Verdict",
    "WebPage",
    "WebhookSource",
    "Window",
    "Wording",
    "Work",
    "all_pages",
    "an_object",
    "basic",
    "bearer",
    "by_script",
    "card_fields",
    "cell",
    "check_hmac",
    "check_key",
    "check_timestamp",
    "cors",
    "cut",
    "cut_bytes",
    "digits",
    "dingtalk_markdown",
    "enricher",
    "feishu_text",
    "fetch",
    "fetch_json",
    "fill",
    "gmail_email",
    "hashed",
    "header",
    "header_parts",
    "hookimpl",
    "instant",
    "is_card",
    "iso",
    "lead_dict",
    "line",
    "listed",
    "local_time",
    "mail_address",
    "mail_lead",
    "mapping_function",
    "milliseconds",
    "objects",
    "pick",
    "plain_email",
    "plain_name",
    "printable",
    "read_time",
    "readable",
    "replace_file",
    "return_page",
    "secrets_of",
    "segment",
    "sign_hmac",
    "sign_time",
    "slack",
    "step",
    "strategy",
    "text",
    "time_filter",
    "to_json",
    "until_midnight",
    "utf8_size",
    "web_address",
    "wecom_markdown",
]
