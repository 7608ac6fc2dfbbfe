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
from hub.families.activecampaign_feedback import ActiveCampaignFeedback
from hub.families.adanswers import with_answers
from hub.families.afterwards import Afterwards
from hub.families.answers import entitled, fingerprint, titles_in
from hub.families.asking import Asking, TooLong
from hub.families.browser import Site, WebPage, by_script, cors, listed, return_page
from hub.families.buyer import About, BuyerSink, price_of
from hub.families.changes import Changes, ChangesFeedback
from hub.families.chat import ChatSink, RobotSink, web_address
from hub.families.china import BEIJING, domestic
from hub.families.close_feedback import CloseFeedback
from hub.families.cloudsign import CloudKey, acs3, aws4, tc3
from hub.families.coded import Coded, CodedCaller, Codes
from hub.families.conversion import (
    ConversionSink,
    digits,
    given_by,
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
from hub.families.drops import DropFolder, Dropped, DropSource, FileChanged
from hub.families.dynamics_feedback import DynamicsFeedback
from hub.families.eventpoll import EventPoll, Guests, version_of
from hub.families.exported import ExportSource, csv_rows
from hub.families.filesink import FileSink
from hub.families.following import Following, FollowingSource
from hub.families.formlist import FormList, FormPoll, listed_in, recent
from hub.families.formresponse import form_response
from hub.families.freshsales_feedback import FreshsalesFeedback
from hub.families.google import GoogleCaller, google_reasons
from hub.families.google_ads import GoogleAdsPoll
from hub.families.hubspot_caller import HubSpotCaller
from hub.families.hubspot_feedback import HubSpotFeedback
from hub.families.jiandaoyun_feedback import JiandaoyunFeedback, Shape, shaped
from hub.families.jsontoken import JsonTokenCaller
from hub.families.listener import Listener
from hub.families.lists import KeyColumn, ListSource, keyed_lead, named
from hub.families.mailapi import Mail, MailApiSink
from hub.families.mailbox import Mailbox
from hub.families.mailchimp_feedback import MailchimpFeedback
from hub.families.mailer import MailAddress, MailServer, mail_address
from hub.families.mailfolder import Fetched, MailFolder
from hub.families.mails import address_line, bytes_of, mail_of
from hub.families.marketo_feedback import MarketoFeedback
from hub.families.marks import mark_of, marks_in, marks_text
from hub.families.message import Message, Teller, Wording
from hub.families.meta_graph import Graph, graph_verdict, time_filter, usage_pause
from hub.families.meta_webhook import MetaWebhook
from hub.families.notion_values import NotionKind, notion_blank, notion_value
from hub.families.numbered import Numbered, NumberedSource, Span
from hub.families.oauth import KeyOrOAuth, OAuthCaller
from hub.families.ocean_marketing import OceanMarketing
from hub.families.odoo_rpc import OdooCaller
from hub.families.outside import check_host, unmentioned
from hub.families.person_first import PersonFirst
from hub.families.persons import own_uuid, two_names
from hub.families.pipedrive_feedback import PipedriveFeedback
from hub.families.polling import Sweep, Sweeps, SweepSource, Window, all_pages
from hub.families.record import Record
from hub.families.s3 import Bucket
from hub.families.salesforce_feedback import SalesforceFeedback
from hub.families.sealed import opened
from hub.families.sftp import HostKey, SftpServer
from hub.families.sqltable import LeadTable, database_url
from hub.families.streams import CRM_WORDS, Place, Rows, Stream, StreamFeedback
from hub.families.sugar import SUGAR_WORDS
from hub.families.table import Columns
from hub.families.tablefields import TableFields
from hub.families.tablelooking import LookingTable
from hub.families.tencent_marketing import TencentMarketing
from hub.families.texting import TemplateTextSink, TextPath, TextSink, message_text
from hub.families.unsigned import UnsignedSource
from hub.families.wechat_api import WeChatCaller
from hub.families.wechat_callback import WeChatCallback
from hub.families.workbook import WorkbookCaller
from hub.families.zoho import ZohoCaller, row_outcome
from hub.fields import DEFAULT_COLUMNS, FieldPath, fill, iso, lead_dict, pick, text, to_json
from hub.files import Row, Table, card_fields, cell_table, is_card, local_time, mail_lead
from hub.files.reply import Letter, letter
from hub.hookspecs import hookimpl
from hub.http import Reply, Request, Response, Verdict, basic, bearer, readable, segment
from hub.inbound import Inbound
from hub.instant import instant
from hub.lead import Bid, Lead, Page, Problem, RawLead, Rejected, Sent
from hub.news import Activity, Feedback, News
from hub.outcome import Disposition, Occasion
from hub.roster import Candidate, Choice, Figures, in_turn
from hub.signing import (
    check_hmac,
    check_key,
    check_stamped,
    check_timestamp,
    header_parts,
    read_time,
    secrets_of,
    sign_hmac,
    sign_time,
)
from hub.sink import HttpBatchSink, HttpSink, Outcome, Outcomes, Sink, Token
from hub.source import FileSource, PollSource, Receipt, WebhookSource, fetch, fetch_json
from hub.step import Options, Stop, Work, attribution_model, enricher, mapping_function, step, strategy
from hub.strictjson import an_object, found_at, objects, value_at
from hub.zone import TimeZone, until_midnight

__version__ = "0.1.0"

# fmt: off
__all__ = [
    "BEIJING", "CRM_WORDS", "DEFAULT_COLUMNS", "SUGAR_WORDS", "About", "ActiveCampaignFeedback", "Activity",
    "Afterwards", "Asking", "BadInput", "Bid", "Bucket", "BuyerSink", "Candidate", "Changes", "ChangesFeedback",
    "ChatSink", "Choice", "CloseFeedback", "CloudKey", "Coded", "CodedCaller", "Codes", "Columns",
    "ConversionSink", "CsvLog", "Disposition", "DropFolder", "DropSource", "Dropped", "DynamicsFeedback",
    "EventPoll", "ExportSource", "Feedback", "Fetched", "FieldPath", "Figures", "FileChanged", "FileSink",
    "FileSource", "Following", "FollowingSource", "FormList", "FormPoll", "FreshsalesFeedback", "GoogleAdsPoll",
    "GoogleCaller", "Graph", "Guests", "HostKey", "HttpBatchSink", "HttpSink", "HubSpotCaller", "HubSpotFeedback",
    "Inbound", "JiandaoyunFeedback", "JsonTokenCaller", "KeyColumn", "KeyOrOAuth", "Lead", "LeadTable", "Letter",
    "ListSource", "Listener", "LookingTable", "Mail", "MailAddress", "MailApiSink", "MailFolder", "MailServer",
    "Mailbox", "MailchimpFeedback", "MarketoFeedback", "Message", "MetaWebhook", "Misconfigured", "News",
    "NotionKind", "Numbered", "NumberedSource", "OAuthCaller", "Occasion", "OceanMarketing", "OdooCaller",
    "Options", "Outcome", "Outcomes", "Page", "PersonFirst", "PipedriveFeedback", "Place", "PollSource",
    "Problem", "RawLead", "Receipt", "Record", "Rejected", "Reply", "Request", "Response", "Retry", "RobotSink",
    "Row", "Rows", "SalesforceFeedback", "Sent", "SftpServer", "Shape", "Sink", "Site", "Span", "Stop", "Stream",
    "StreamFeedback", "Sweep", "SweepSource", "Sweeps", "Table", "TableFields", "Teller", "TemplateTextSink",
    "TencentMarketing", "TextPath", "TextSink", "TimeZone", "Token", "TooLong", "Unclear", "UnsignedSource",
    "Unverified", "Verdict", "WeChatCallback", "WeChatCaller", "WebPage", "WebhookSource", "Window", "Wording",
    "Work", "WorkbookCaller", "ZohoCaller", "acs3", "address_line", "all_pages", "an_object", "attribution_model",
    "aws4", "basic", "bearer", "by_script", "bytes_of", "card_fields", "cell", "cell_table", "check_hmac",
    "check_host", "check_key", "check_stamped", "check_timestamp", "cors", "csv_rows", "cut", "cut_bytes",
    "database_url", "digits", "dingtalk_markdown", "domestic", "enricher", "entitled", "feishu_text", "fetch",
    "fetch_json", "fill", "fingerprint", "form_response", "found_at", "given_by", "gmail_email", "google_reasons",
    "graph_verdict", "hashed", "header", "header_parts", "hookimpl", "in_turn", "instant", "is_card", "iso",
    "keyed_lead", "lead_dict", "letter", "line", "listed", "listed_in", "local_time", "mail_address", "mail_lead",
    "mail_of", "mapping_function", "mark_of", "marks_in", "marks_text", "message_text", "milliseconds", "named",
    "notion_blank", "notion_value", "objects", "opened", "own_uuid", "pick", "plain_email", "plain_name",
    "price_of", "printable", "read_time", "readable", "recent", "replace_file", "return_page", "row_outcome",
    "secrets_of", "segment", "shaped", "sign_hmac", "sign_time", "slack", "step", "strategy", "tc3", "text",
    "time_filter", "titles_in", "to_json", "touched", "two_names", "unmentioned", "until_midnight", "usage_pause",
    "utf8_size", "value_at", "version_of", "web_address", "wecom_markdown", "with_answers", "worth",
]
# fmt: on
