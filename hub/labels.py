"""What people call the fields, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Language = Literal["en", "zh"]

_ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "email": "e-mail",
        "wechat": "WeChat id",
        "external_id": "external id",
        "consent_text": "consent text",
        "test": "test lead",
        "ip": "IP address",
        "user_agent": "browser",
        "page_url": "page address",
        "li_fat_id": "li_fat_id",
        "bd_vid": "bd_vid",
        "qz_gdt": "qz_gdt",
    }
)

_CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "full_name": "姓名",
        "name": "姓名",
        "first_name": "名字",
        "last_name": "姓氏",
        "email": "邮箱",
        "phone": "手机号",
        "wechat": "微信",
        "external_id": "外部编号",
        "company": "公司",
        "title": "职位",
        "country": "国家",
        "region": "省份",
        "city": "城市",
        "postcode": "邮编",
        "street": "地址",
        "website": "网站",
        "industry": "行业",
        "employees": "员工人数",
        "budget": "预算",
        "authority": "决策权",
        "need": "需求",
        "timeline": "采购时间",
        "message": "留言",
        "interest": "意向产品",
        "language": "语言",
        "birthday": "生日",
        "consent": "同意联系",
        "consent_text": "同意条款",
        "notes": "备注",
        "id": "编号",
        "version": "版本",
        "source": "来源",
        "flow": "流程",
        "now": "当前时间",
        "submitted_at": "提交时间",
        "created_at": "创建时间",
        "updated_at": "更新时间",
        "test": "测试线索",
        "score": "评分",
        "grade": "等级",
        "team": "团队",
        "owner": "负责人",
        "campaign": "推广活动",
        "medium": "媒介",
        "utm_source": "UTM 来源",
        "utm_medium": "UTM 媒介",
        "utm_campaign": "UTM 活动",
        "utm_term": "UTM 关键词",
        "utm_content": "UTM 内容",
        "utm_id": "UTM 编号",
        "ad_group": "广告组",
        "ad": "广告",
        "form": "表单",
        "page_url": "页面地址",
        "landing_page": "着陆页",
        "referrer": "引荐页",
        "platform_lead_id": "平台线索编号",
        "cost": "成本",
        "currency": "币种",
        "ip": "IP 地址",
        "user_agent": "浏览器",
    }
)

_OURS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "email_free": ("free mailbox", "免费邮箱"),
        "phone_region": ("country of the phone number", "号码归属地"),
        "phone_carrier": ("phone carrier", "运营商"),
    }
)

_PREFIXES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {"tags": "tag ", "first_touch": "first "},
        "zh": {"tags": "标签 ", "first_touch": "首次"},
    }
)


def label(path: str, language: Language = "en") -> str:
    """Return what people call a field or path such as `lead.grade`, `touch.utm_source` or `tags.party`.

    Names of the company's own (`extra.NAME`, `tags.NAME`) and ids of ad platforms stay as they are.
    """
    root, _, name = path.partition(".")
    if not name:
        return _plain(root, language)
    if root == "lead" and name.partition(".")[0] in ("tags", "extra", "touch", "first_touch"):
        return label(name, language)
    prefix = _PREFIXES[language].get(root, "")
    if root == "extra" and name in _OURS:
        return _OURS[name][language == "zh"]
    if root in ("tags", "extra"):
        return prefix + name
    return prefix + (label(name, language) if "." in name else _plain(name, language))


def _plain(name: str, language: Language) -> str:
    if language == "zh":
        return _CHINESE.get(name, name)
    return _ENGLISH.get(name) or name.replace("utm_", "UTM ").replace("_", " ")
