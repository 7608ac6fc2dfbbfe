"""Guesses a legacy encoding from the letters that would come out: usual ones speak for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SIMPLIFIED = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞"
    "平刚桂英华建国文辉玉兰红志海云晓春梅小雨佳欣宇浩然子轩姓名手机电话号码公司职位务部门邮箱件地址城市省份县区国家备注来源时间"
    "日期性别年龄意向产品预算需求行业微信客户联系人网站编号线索渠道活动展会有限责任科技股份集团贸易实业信息技术发展北京上海广州深圳"
    "天津重庆成都杭州南苏西安汉长沙青岛厦门大连宁波无锡东山河湖广湾香港的是我们你他在了不和要请想问价格多少报购买咨询合作经理总监"
    "工程师销售采购老板女士先生男一二三四五六七八九十中生主任资料提交留言内容感谢"
)
_TRADITIONAL = (
    "陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈余盧梁趙顏柯翁魏孫戴范方宋鄧杜傅侯曹薛丁"
    "卓馬董溫唐藍石蔣古紀姚連歐程湯田康姜白鄒淑美惠雅婷怡君志明俊傑建宏家豪文雄佳玲姓名手機電話號碼公司職稱位部門郵件箱子信地址"
    "城市縣區國家備註來源時間日期性別年齡意向產品預算需求行業客戶聯絡人網站編活動展會有限股份集團貿易實業資訊技術發展科台臺北中南高雄"
    "新竹桃園香港九龍灣東山大小的是我們你他在了不和要請想問價格多少報購買諮詢合作經理總監工程師業務採購老闆女士先生一二三四五六七八"
    "九十提交留言內容感謝"
)
_JAPANESE = (
    "氏名会社電話番号住所部署役職携帯備考佐藤鈴木高橋田中伊渡辺山本村小林加吉松井清水斎阿森池橋石川島東京大阪横浜株式有限名古屋"
    "福岡札幌様子美一郎太希望資料請求問合せ内容日時展示"
)
_KOREAN = (
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허남심노하곽성차주우구나진지엄채원천방공현민수영준호연은경미희정철상동"
    "기재회사이름전화번호메일주소부서직책서울부산주식담당자고객문의내용날짜시간제품관심비고"
)
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýßœÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŒŠŽšžÿ’‘“”–—…€£§°«»·´¿¡™®©ºª")
_KANA = "".join(map(chr, range(0x3041, 0x30FF)))

_USUAL: Mapping[str, frozenset[str]] = {
    "gb18030": frozenset(_SIMPLIFIED + "，。：；！？（）、“”《》￥【】　"),
    "cp950": frozenset(_TRADITIONAL + "，。：；！？（）、「」《》　"),
    "cp932": frozenset(_JAPANESE + _KANA + "、。（）「」・　"),
    "cp949": frozenset(_KOREAN),
}
_ENOUGH = 0.3  # of the characters past ASCII; running text has 0.5 and more, a wrong encoding below 0.15
_HINT = 0.1  # enough when no other encoding has any
_CANDIDATES = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", *_USUAL]

_STRANGE_WORD = re.compile(r"\w*[^\W\x00-\x7f]\w*")
_CYRILLIC_WORD = re.compile(r"[А-ЯЁ]?[а-яё]+|[А-ЯЁ]+")


def guess(sample: bytes) -> str:
    """Return the likeliest legacy codec of a sample; the setting `encoding` is there for when it is wrong.

    East Asian text is told by its usual characters, which works on a single name, then European text
    by the look of its words; charset-normalizer decides what is left.
    """
    shares = sorted((_share(sample, name), name) for name in _USUAL)
    (second, _), (first, best) = shares[-2:]
    if first >= _ENOUGH or (first >= _HINT and second == 0):
        return best
    if _is_western(sample):
        return "cp1252"
    if all(_CYRILLIC_WORD.fullmatch(word) for word in _strange_words(sample, "cp1251")):
        return "cp1251"
    if _is_gb2312(sample):
        return "gb18030"
    from charset_normalizer import from_bytes  # takes 0.1 s to import, for few files

    found = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    return found.encoding if found else "cp1252"


def _share(sample: bytes, name: str) -> float:
    """Return which share of the characters past ASCII are usual ones, counting what cannot be read against it."""
    strange = [c for c in sample.decode(name, "replace") if c > "\x7f"]
    return sum(c in _USUAL[name] for c in strange) / len(strange) if strange else 0.0


def _strange_words(sample: bytes, name: str) -> list[str]:
    return _STRANGE_WORD.findall(sample.decode(name, "replace"))


def _is_western(sample: bytes) -> bool:
    """Return whether accented letters stand alone among plain ones, as in `Müller` and never in Cyrillic."""
    text = sample.decode("cp1252", "replace")
    words = _STRANGE_WORD.findall(text)
    plain = sum(c < "\x80" for word in words for c in word)
    return all(c in _WESTERN for c in text if c > "\x7f") and plain * 3 >= sum(map(len, words))


def _is_gb2312(sample: bytes) -> bool:
    """Return whether all of it is GB2312 and no Chinese character stands inside a Latin word."""
    try:
        words = _STRANGE_WORD.findall(sample.decode("gb2312"))
    except UnicodeDecodeError:
        return False
    return not any(c.isascii() and c.isalpha() for word in words for c in word)
