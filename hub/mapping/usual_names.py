"""The usual names of columns and form fields, in several languages, and the lead or touch field each one means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from hub.lead import LEAD_FIELDS, TOUCH_FIELDS

# English | Chinese | German | French | Spanish; a comma parts the names, case, spaces and signs do not count
_TABLE: Mapping[str, str] = MappingProxyType(
    {
        "full_name": (
            "name, full name, your name, contact name, contact person, contact, customer name, lead name, "
            "client name, attendee name, attendee, visitor name, respondent name, person name, "
            "display name, name badge, 姓名, 名字, 联系人, 联系人姓名, 客户姓名, 客户名称, 您的姓名, "
            "您的名字, 称呼, 您的称呼, 真实姓名, 用户姓名, 参会人, 参会人姓名, 全名, vollständiger name, "
            "vor- und nachname, ansprechpartner, kontaktperson, ihr name, nom complet, nom et prénom, "
            "prénom et nom, votre nom, nombre completo, nombre y apellido, nombre y apellidos, su nombre, "
            "tu nombre, persona de contacto"
        ),
        "first_name": (
            "first name, firstname, fname, given name, forename, your first name, contact first name, 名, "
            "vorname, prénom, nombre, nombre de pila, primer nombre"
        ),
        "last_name": (
            "last name, lastname, lname, surname, family name, your last name, second name, "
            "contact last name, 姓, 姓氏, nachname, familienname, nom, nom de famille, apellido, "
            "apellidos, primer apellido"
        ),
        "email": (
            "email, e-mail, mail, email address, e-mail address, mail address, your email, "
            "your email address, contact email, work email, business email, corporate email, "
            "company email, office email, personal email, private email, primary email, customer email, "
            "lead email, user email, email 1, emailid, email id, from email, 邮箱, 电子邮箱, 邮件, "
            "电子邮件, 邮箱地址, 邮件地址, 电子邮件地址, 电子邮箱地址, 联系邮箱, 工作邮箱, 公司邮箱, "
            "企业邮箱, 您的邮箱, 常用邮箱, e-mail-adresse, mailadresse, emailadresse, ihre e-mail, "
            "geschäftliche e-mail, courriel, adresse e-mail, adresse mail, adresse courriel, "
            "adresse électronique, mél, votre e-mail, e-mail professionnel, correo, correo electrónico, "
            "dirección de correo, dirección de correo electrónico, correo-e, su correo, email corporativo"
        ),
        "phone": (
            "phone, phone number, phone no, telephone, telephone number, tel, tel no, mobile, "
            "mobile phone, mobile number, mobile no, mobile phone number, cell, cell phone, cellphone, "
            "cell number, contact number, contact phone, work phone, business phone, office phone, "
            "direct phone, home phone, your phone, your phone number, primary phone, customer phone, "
            "whatsapp, whatsapp number, phone 1, user phone, 手机, 手机号, 手机号码, 电话, 电话号码, "
            "联系电话, 联系方式, 联系手机, 移动电话, 固定电话, 座机, 办公电话, 公司电话, 您的手机, "
            "您的手机号, 您的电话, 联系号码, 手机/电话, telefon, telefonnummer, telefon-nr, telefonnr, "
            "handy, handynummer, mobil, mobilnummer, mobiltelefon, rufnummer, ihre telefonnummer, "
            "téléphone, numéro de téléphone, n° de téléphone, portable, téléphone portable, tél, "
            "téléphone mobile, votre téléphone, teléfono, número de teléfono, móvil, celular, "
            "teléfono móvil, número de celular, teléfono de contacto, su teléfono"
        ),
        "wechat": "wechat, wechat id, weixin, wx, 微信, 微信号, 微信id, 微信账号, 您的微信, 联系微信",
        "external_id": (
            "external id, customer id, contact id, crm id, user id, member id, 客户编号, 客户id, 用户编号, "
            "会员编号, 外部编号, kundennummer, numéro client, número de cliente"
        ),
        "company": (
            "company, company name, organization, organisation, organization name, organisation name, org, "
            "employer, business, business name, firm, account, account name, your company, "
            "company or organization, institution, 公司, 公司名称, 公司名, 企业, 企业名称, 单位, 单位名称, "
            "工作单位, 所在公司, 所属公司, 机构, 机构名称, 贵公司, 贵公司名称, 公司全称, 您的公司, firma, "
            "firmenname, unternehmen, unternehmensname, ihr unternehmen, société, entreprise, "
            "nom de l'entreprise, nom de la société, raison sociale, votre entreprise, empresa, "
            "nombre de la empresa, compañía, razón social, organización, su empresa"
        ),
        "title": (
            "title, job title, jobtitle, position, job position, job, job role, role, your role, "
            "designation, occupation, 职位, 职务, 岗位, 职称, 您的职位, 您的职务, 头衔, 担任职务, "
            "position im unternehmen, berufsbezeichnung, funktion, stelle, beruf, poste, fonction, "
            "titre du poste, intitulé du poste, profession, cargo, puesto, puesto de trabajo, ocupación"
        ),
        "country": (
            "country, country name, country code, country region, country/region, nation, your country, "
            "location country, 国家, 国家/地区, 国家地区, 国别, 所在国家, land, pays, país"
        ),
        "region": (
            "region, state, province, state province, state/province, state or province, county, "
            "your state, 省, 省份, 省/市, 所在省份, 所在省, 地区, 州, 省市, 所在地区, bundesland, kanton, "
            "région, département, région/département, provincia, estado, comunidad autónoma, región"
        ),
        "city": (
            "city, town, city town, your city, location city, 城市, 市, 所在城市, 所在市, 城市名称, stadt, "
            "ort, wohnort, ville, ciudad, localidad, población"
        ),
        "postcode": (
            "postcode, post code, postal code, zip, zip code, zipcode, zip/postal code, pin code, pincode, "
            "邮编, 邮政编码, plz, postleitzahl, code postal, código postal, cp"
        ),
        "street": (
            "street, street address, address, address 1, address line 1, full address, postal address, "
            "mailing address, 地址, 详细地址, 联系地址, 公司地址, 街道, 街道地址, 通讯地址, 收货地址, "
            "straße, strasse, anschrift, straße und hausnummer, adresse, adresse postale, rue, dirección, "
            "calle, domicilio"
        ),
        "website": (
            "website, web site, web, url, homepage, company website, website url, site, domain, "
            "company domain, 网站, 网址, 公司网站, 公司网址, 官网, 主页, webseite, internetseite, "
            "site web, site internet, sitio web, página web"
        ),
        "industry": (
            "industry, sector, vertical, business type, line of business, industry sector, your industry, "
            "行业, 所属行业, 所在行业, 行业类型, 企业行业, branche, industrie, secteur, "
            "secteur d'activité, industria, giro"
        ),
        "employees": (
            "employees, number of employees, no of employees, employee count, company size, team size, "
            "headcount, num employees, organization size, size of company, company headcount, 员工人数, "
            "员工数, 员工数量, 公司规模, 企业规模, 人数, 规模, 团队规模, 公司人数, mitarbeiter, "
            "mitarbeiterzahl, anzahl mitarbeiter, anzahl der mitarbeiter, unternehmensgröße, "
            "nombre d'employés, effectif, effectifs, taille de l'entreprise, empleados, "
            "número de empleados, tamaño de la empresa"
        ),
        "budget": (
            "budget, your budget, budget range, estimated budget, project budget, planned budget, "
            "price range, 预算, 您的预算, 预算范围, 项目预算, 采购预算, 预算金额, votre budget, "
            "ihr budget, presupuesto"
        ),
        "authority": (
            "authority, decision maker, decision role, purchasing role, buying role, purchase authority, "
            "decision power, 决策权, 决策角色, 是否决策人, 采购角色, 决策人, entscheider, "
            "entscheidungsbefugnis, décideur, rôle décisionnel, tomador de decisiones"
        ),
        "need": (
            "need, needs, your need, requirement, requirements, your requirements, pain point, "
            "pain points, challenge, challenges, use case, project description, 需求, 您的需求, 需求描述, "
            "采购需求, 具体需求, 痛点, 项目需求, 需求说明, bedarf, anforderungen, besoin, besoins, "
            "votre besoin, necesidad, necesidades"
        ),
        "timeline": (
            "timeline, time frame, timeframe, purchase timeline, purchase time frame, purchase timeframe, "
            "buying timeframe, when to buy, start date, project timeline, planned start, "
            "decision timeline, 采购时间, 预计采购时间, 采购周期, 计划采购时间, 购买时间, 时间计划, "
            "项目时间, 预计时间, zeitrahmen, kaufzeitpunkt, délai, échéance, calendrier, plazo"
        ),
        "message": (
            "message, your message, comment, comments, your comment, question, questions, inquiry, "
            "enquiry, description, details, body, feedback, how can we help, additional information, "
            "remarks from customer, 留言, 留言内容, 您的留言, 消息, 咨询内容, 内容, 问题, 您的问题, 描述, "
            "补充说明, 咨询, 反馈, nachricht, ihre nachricht, mitteilung, kommentar, anfrage, frage, "
            "commentaire, commentaires, votre message, demande, mensaje, su mensaje, comentario, "
            "comentarios, consulta, pregunta"
        ),
        "interest": (
            "interest, interests, interested in, product, products, product interest, product of interest, "
            "products of interest, service, services, topic, subject, area of interest, "
            "interested product, solution, course, model, 意向产品, 感兴趣的产品, 产品, 产品名称, 意向, "
            "兴趣, 咨询产品, 关注产品, 感兴趣产品, 意向车型, 意向课程, 服务, 主题, 咨询主题, interesse, "
            "produkt, produktinteresse, betreff, thema, intérêt, produit, produit d'intérêt, sujet, objet, "
            "interés, producto, producto de interés, asunto, tema, servicio"
        ),
        "language": (
            "language, lang, locale, preferred language, your language, 语言, 语种, 首选语言, sprache, langue, idioma"
        ),
        "birthday": (
            "birthday, birth date, birthdate, date of birth, dob, 生日, 出生日期, 出生年月, geburtstag, "
            "geburtsdatum, date de naissance, anniversaire, fecha de nacimiento, cumpleaños"
        ),
        "consent": (
            "consent, opt in, optin, opt-in, gdpr, gdpr consent, marketing consent, email consent, agree, "
            "agreed, i agree, accept, email opt in, accepts marketing, permission, 同意, 是否同意, "
            "同意联系, 授权, 用户同意, 是否授权, 营销同意, einwilligung, zustimmung, einverstanden, "
            "einverständnis, consentement, j'accepte, accord, rgpd, consentimiento, acepto, acepta"
        ),
        "consent_text": (
            "consent text, consent wording, opt in text, legal text, disclaimer, 同意内容, 协议内容, "
            "授权内容, 条款内容, einwilligungstext, texte de consentement, texto de consentimiento"
        ),
        "notes": (
            "notes, note, remark, remarks, sales notes, booth notes, internal notes, memo, lead notes, "
            "scan notes, 备注, 备注信息, 说明, 销售备注, 展会备注, 跟进备注, 其他, notiz, notizen, "
            "bemerkung, bemerkungen, anmerkung, anmerkungen, remarque, remarques, nota, notas, "
            "observaciones"
        ),
        "campaign": (
            "campaign, campaign name, campaign id, campaign title, utm campaign name, ad campaign, "
            "推广活动, 活动, 活动名称, 推广计划, 广告计划, 计划名称, 营销活动, kampagne, campagne, campaña"
        ),
        "medium": "medium, channel, lead medium, marketing channel, 媒介, 渠道, 推广渠道, 营销渠道, kanal, canal",
        "utm_source": (
            "utm source, source, lead source, traffic source, original source, how did you hear about us, "
            "来源, 线索来源, 客户来源, 渠道来源, 流量来源, 来源渠道, 信息来源, quelle, herkunft, "
            "leadquelle, origine, provenance, fuente, origen"
        ),
        "utm_medium": "utm medium",
        "utm_campaign": "utm campaign",
        "utm_term": "utm term, keyword, keywords, search term, 关键词, 搜索词, suchbegriff, mot clé, palabra clave",
        "utm_content": "utm content",
        "utm_id": "utm id",
        "ad_group": (
            "ad group, ad group name, adgroup, adgroup name, ad set, ad set name, adset, adset name, "
            "adgroup id, adset id, 广告组, 广告单元, 推广单元, 单元名称, anzeigengruppe, "
            "groupe d'annonces, grupo de anuncios"
        ),
        "ad": (
            "ad, ad name, ad id, creative, creative name, creative id, 广告, 广告名称, 创意, 创意名称, "
            "anzeige, annonce, anuncio"
        ),
        "form": ("form, form name, form id, form title, 表单, 表单名称, 表单标题, formular, formulaire, formulario"),
        "page_url": (
            "page url, page, page address, form url, submission url, conversion page, current url, 页面, "
            "页面地址, 提交页面, 页面链接, 落地页, seiten-url, url de la page, url de la página"
        ),
        "landing_page": (
            "landing page, landing page url, landing url, first page, entry page, 着陆页, 落地页地址, "
            "首次访问页面, landingpage"
        ),
        "referrer": (
            "referrer, referer, referring url, http referrer, referrer url, referring site, 引荐页, "
            "来源页面, 来源网址, 来路, referenz-url"
        ),
        "gclid": "gclid, google click id",
        "gbraid": "gbraid",
        "wbraid": "wbraid",
        "dclid": "dclid",
        "fbclid": "fbclid, facebook click id",
        "fbp": "fbp",
        "fbc": "fbc",
        "msclkid": "msclkid, microsoft click id, bing click id",
        "ttclid": "ttclid, tiktok click id",
        "twclid": "twclid, twitter click id",
        "li_fat_id": "li fat id, linkedin click id",
        "bd_vid": "bd vid, baidu click id",
        "qz_gdt": "qz gdt, gdt vid, tencent click id",
        "clickid": "clickid, click id, 点击id",
        "platform_lead_id": (
            "platform lead id, lead id, leadgen id, facebook lead id, google lead id, 线索id, 线索编号, 平台线索id"
        ),
        "cost": "cost, lead cost, cpl, cost per lead, 成本, 线索成本, kosten, coût, coste",
        "currency": "currency, currency code, 币种, 货币, währung, devise, moneda",
        "ip": (
            "ip, ip address, ipaddress, remote ip, client ip, remote addr, user ip, ip地址, ip-adresse, "
            "adresse ip, dirección ip"
        ),
        "user_agent": "user agent, useragent, browser, 浏览器",
        "submitted_at": (
            "submitted at, submitted, submission date, submission time, submit time, submitted on, "
            "submit date, created at, created time, created, created on, date created, create date, "
            "timestamp, time stamp, date submitted, entry date, lead created, lead time, "
            "lead created time, scan time, scanned at, scan date, date time, datetime, date/time, "
            "提交时间, 提交日期, 创建时间, 创建日期, 填写时间, 时间, 留资时间, 报名时间, 扫码时间, "
            "日期时间, 提交答卷时间, eingangsdatum, erstellt am, zeitstempel, gesendet am, "
            "date de création, date d'envoi, horodatage, fecha de creación, fecha de envío, marca temporal"
        ),
    }
)

_INNER = re.compile(r"[^\[\]]*\[([^\[\]]+)\]$")


def folded(name: str) -> str:
    """Return a name without what does not count: case, width, spaces and signs."""
    whole = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in whole if character.isalnum())


def _table() -> Mapping[str, str]:
    known: dict[str, str] = {}
    for field, names in _TABLE.items():
        for name in (field, *names.split(",")):
            known.setdefault(folded(name), field)
    return MappingProxyType(known)


USUAL_NAMES: Mapping[str, str] = _table()
"""The field that a folded name means; `submitted_at` stands for the time of submission."""


@lru_cache(maxsize=4096)
def usual_field(name: str) -> str | None:
    """Return the field that a column of this name holds, such as `phone` for 联系电话; None when it is not a usual one.

    `lead[email]` and `form_fields[email]` count as what stands in brackets.
    """
    if name in LEAD_FIELDS or name in TOUCH_FIELDS:
        return name
    inner = _INNER.fullmatch(name)
    return USUAL_NAMES.get(folded(name)) or (USUAL_NAMES.get(folded(inner[1])) if inner else None)
