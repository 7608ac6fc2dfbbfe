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
from hub.families.adanswers import with_answers
from hub.families.answers import entitled, fingerprint, titles_in
from hub.families.asking import Asking
from hub.families.browser import Site, WebPage, by_script, cors, listed, return_page
from hub.families.changes import Changes, ChangesFeedback
from hub.families.chat import ChatSink, Codes, RobotSink, web_address
from hub.families.china import BEIJING, domestic
from hub.families.close_feedback import CloseFeedback
from hub.families.cloudsign import CloudKey, acs3, aws4, tc3
from hub.families.coded import CodedCaller
from hub.families.conversion import (
    ConversionSink,
    digits,
    gmail_email,
    hashed,
    milliseconds,
    plain_email,
    plain_name,
    touched,
    worth,
)
from hub.families.csvlog import CsvLog
from hub.families.disk import replace_file
from hub.families.dynamics_feedback import DynamicsFeedback
from hub.families.exported import ExportSource, csv_rows
from hub.families.filesink import FileSink
from hub.families.following import Following, FollowingSource
from hub.families.formlist import FormList, FormPoll, listed_in, recent
from hub.families.formresponse import form_response
from hub.families.google import GoogleCaller
from hub.families.hubspot_feedback import HubSpotFeedback
from hub.families.jiandaoyun_feedback import JiandaoyunFeedback, Shape, shaped
from hub.families.jsontoken import JsonTokenCaller
from hub.families.mailapi import Mail, MailApiSink
from hub.families.mailbox import Mailbox
from hub.families.mailer import MailAddress, MailServer, mail_address
from hub.families.mails import address_line, bytes_of, mail_of
from hub.families.message import Message, Teller, Wording
from hub.families.meta_graph import Graph, graph_verdict, time_filter, usage_pause
from hub.families.numbered import Numbered, NumberedSource, Span
from hub.families.oauth import OAuthCaller
from hub.families.odoo_rpc import OdooCaller
from hub.families.outside import check_host, unmentioned
from hub.families.person_first import PersonFirst
from hub.families.persons import own_uuid, two_names
from hub.families.pipedrive_feedback import PipedriveFeedback
from hub.families.polling import Sweep, Sweeps, SweepSource, Window, all_pages
from hub.families.record import Record
from hub.families.salesforce_feedback import SalesforceFeedback
from hub.families.sealed import opened
from hub.families.streams import CRM_WORDS, Place, Rows, Stream, StreamFeedback
from hub.families.sugar import SUGAR_WORDS
from hub.families.table import Columns
from hub.families.texting import TemplateTextSink, TextPath, TextSink, message_text
from hub.families.unsigned import UnsignedSource
from hub.families.zoho import ZohoCaller, row_outcome
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
    "BEIJING",
    "CRM_WORDS",
    "DEFAULT_COLUMNS",
    "SUGAR_WORDS",
    "Activity",
    "Asking",
    "Assignment",
    "BadInput",
    "Changes",
    "ChangesFeedback",
    "ChatSink",
    "CloseFeedback",
    "CloudKey",
    "CodedCaller",
    "Codes",
    "Columns",
    "ConversionSink",
    "CsvLog",
    "Disposition",
    "DynamicsFeedback",
    "ExportSource",
    "Feedback",
    "FieldPath",
    "FileSink",
    "FileSource",
    "Following",
    "FollowingSource",
    "FormList",
    "FormPoll",
    "GoogleCaller",
    "Graph",
    "HttpBatchSink",
    "HttpSink",
    "HubSpotFeedback",
    "Inbound",
    "JiandaoyunFeedback",
    "JsonTokenCaller",
    "Lead",
    "Mail",
    "MailAddress",
    "MailApiSink",
    "MailServer",
    "Mailbox",
    "Message",
    "Misconfigured",
    "News",
    "Numbered",
    "NumberedSource",
    "OAuthCaller",
    "Occasion",
    "OdooCaller",
    "Options",
    "Outcome",
    "Outcomes",
    "Page",
    "PersonFirst",
    "PipedriveFeedback",
    "Place",
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
    "Rows",
    "SalesforceFeedback",
    "Sent",
    "Shape",
    "Sink",
    "Site",
    "Span",
    "Stop",
    "Stream",
    "StreamFeedback",
    "Sweep",
    "SweepSource",
    "Sweeps",
    "Table",
    "Teller",
    "TemplateTextSink",
    "TextPath",
    "TextSink",
    "TimeZone",
    "Token",
    "Unclear",
    "UnsignedSource",
    "Unverified",
    "Verdict",
    "WebPage",
    "WebhookSource",
    "Window",
    "Wording",
    "Work",
    "ZohoCaller",
    "acs3",
    "address_line",
    "all_pages",
    "an_object",
    "aws4",
    "basic",
    "bearer",
    "by_script",
    "bytes_of",
    "card_fields",
    "cell",
    "check_hmac",
    "check_host",
    "check_key",
    "check_timestamp",
    "cors",
    "csv_rows",
    "cut",
    "cut_bytes",
    "digits",
    "dingtalk_markdown",
    "domestic",
    "enricher",
    "entitled",
    "feishu_text",
    "fetch",
    "fetch_json",
    "fill",
    "fingerprint",
    "form_response",
    "gmail_email",
    "graph_verdict",
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
    "listed_in",
    "local_time",
    "mail_address",
    "mail_lead",
    "mail_of",
    "mapping_function",
    "message_text",
    "milliseconds",
    "objects",
    "opened",
    "own_uuid",
    "pick",
    "plain_email",
    "plain_name",
    "printable",
    "read_time",
    "readable",
    "recent",
    "replace_file",
    "return_page",
    "row_outcome",
    "secrets_of",
    "segment",
    "shaped",
    "sign_hmac",
    "sign_time",
    "slack",
    "step",
    "strategy",
    "tc3",
    "text",
    "time_filter",
    "titles_in",
    "to_json",
    "touched",
    "two_names",
    "unmentioned",
    "until_midnight",
    "usage_pause",
    "utf8_size",
    "web_address",
    "wecom_markdown",
    "with_answers",
    "worth",
]
