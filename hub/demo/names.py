"""The stock of names, trades and places that the demo's people and companies are put together from."""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """A place with its region and what is needed to write an address and a landline number there."""

    name: str
    latin: str
    region: str
    postcode: str
    area_code: str


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    words = text.split()
    return tuple(zip(words[::2], words[1::2], strict=True))


def _words(text: str, separator: str | None = None) -> tuple[str, ...]:
    return tuple(text.split(separator))


def _cities(text: str) -> tuple[City, ...]:
    return tuple(City(*(part.strip() for part in line.split("|"))) for line in text.strip().splitlines())


CHINESE_FAMILY = _pairs(
    "张 Zhang 王 Wang 李 Li 赵 Zhao 陈 Chen 刘 Liu 杨 Yang 黄 Huang 周 Zhou 吴 Wu 徐 Xu 孙 Sun 马 Ma "
    "朱 Zhu 胡 Hu 林 Lin 郭 Guo 何 He 高 Gao 罗 Luo 郑 Zheng 梁 Liang 谢 Xie 宋 Song 唐 Tang 许 Xu "
    "邓 Deng 冯 Feng 韩 Han 曹 Cao 曾 Zeng 彭 Peng 萧 Xiao 蔡 Cai 潘 Pan 田 Tian 董 Dong 袁 Yuan 于 Yu "
    "余 Yu 叶 Ye 蒋 Jiang 杜 Du 苏 Su 魏 Wei 程 Cheng 吕 Lü 丁 Ding 沈 Shen 任 Ren 姚 Yao 卢 Lu 姜 Jiang "
    "崔 Cui 钟 Zhong 谭 Tan 陆 Lu 欧阳 Ouyang 司马 Sima 上官 Shangguan"
)
"""Family names with their pinyin."""

CHINESE_GIVEN = _pairs(
    "伟 Wei 芳 Fang 娜 Na 敏 Min 静 Jing 丽 Li 强 Qiang 磊 Lei 军 Jun 洋 Yang 勇 Yong 艳 Yan 杰 Jie "
    "娟 Juan 涛 Tao 明 Ming 超 Chao 霞 Xia 平 Ping 刚 Gang 睿 Rui 昊 Hao 鑫 Xin 璐 Lu 倩 Qian 琳 Lin "
    "鹏 Peng 斌 Bin 波 Bo 宁 Ning 凯 Kai 婷 Ting 健 Jian 慧 Hui 晶 Jing 悦 Yue 桂英 Guiying 秀兰 Xiulan "
    "建华 Jianhua 志强 Zhiqiang 晓明 Xiaoming 雪梅 Xuemei 海燕 Haiyan 子涵 Zihan 雨桐 Yutong 浩然 Haoran "
    "欣怡 Xinyi 宇航 Yuhang 思远 Siyuan 嘉怡 Jiayi 俊杰 Junjie 文博 Wenbo 梓萱 Zixuan 一诺 Yinuo "
    "天宇 Tianyu 佳琪 Jiaqi 国庆 Guoqing 春梅 Chunmei 永康 Yongkang 立新 Lixin 少华 Shaohua 淑珍 Shuzhen "
    "振宇 Zhenyu 晨曦 Chenxi 若溪 Ruoxi 德明 Deming 玉兰 Yulan 庆红 Qinghong 家豪 Jiahao 诗涵 Shihan"
)
"""Given names with their pinyin."""

ENGLISH_NAMES = _words("Kevin Vivian Jason Amy Leo Cherry Eric Cindy Frank Grace Tony Helen Jack Ivy Allen Coco")
"""First names that Chinese people use in business abroad."""

AMERICAN_GIVEN = _pairs(
    "Robert Bob William Bill Katherine Kate Elizabeth Liz Michael Mike James Jim Margaret Maggie Thomas Tom "
    "Jennifer Jen Christopher Chris Susan Sue Daniel Dan Patricia Pat Matthew Matt Rebecca Becky Andrew Andy "
    "Victoria Vicky Nicholas Nick Samantha Sam Edward Ted Deborah Debbie Joseph Joe Benjamin Ben Steven Steve "
    "Timothy Tim Anthony Tony Charles Charlie Cynthia Cindy Pamela Pam David Dave Gregory Greg Kenneth Ken "
    "Lawrence Larry Stephanie Steph Theodore Theo Abigail Abby Gabriel Gabe Jonathan Jon"
)
"""Given names with the short form their bearers go by."""

GERMAN_GIVEN = _pairs(
    "Maximilian Max Katharina Kathi Sebastian Basti Johannes Hannes Friedrich Fritz Elisabeth Lisa Christian Chris "
    "Jürgen Jogi Günther Günni Jörg Jogi Sabine Bine Stefanie Steffi Andreas Andi Wolfgang Wolle Matthias Matze "
    "Susanne Susi Karl-Heinz Kalle Ulrike Ulli Franziska Franzi Benedikt Beni Annegret Anne Dietrich Dieter"
)

AMERICAN_FAMILY = _words(
    "Miller Johnson Brown Davis Wilson Anderson O'Brien McCarthy Garcia Rodriguez Nguyen Patel Kim Walker Hall Young "
    "Wright Lopez Hill Scott Green Adams Baker Nelson Carter Mitchell Perez Roberts Turner Phillips Campbell Parker "
    "Collins Stewart Morris Rogers Reed Cook Morgan Bell Murphy Bailey Rivera Cooper Richardson Cox Howard Ward"
)

BRITISH_FAMILY = _words(
    "Smith Jones Taylor Davies Evans Thomas Hughes Clarke Wood Harrison Ashworth Pemberton O'Neill MacDonald Fletcher "
    "Holloway Whitaker Barnes Ellis Chapman Fitzgerald Lloyd-Jones Marsden Thornton Begum Sharma Okafor"
)

GERMAN_FAMILY = (
    *_words(
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schäfer Köhler Krüger Groß Weiß Böhm Jäger Hofmann "
        "Lange Vogel Keller Frank Berger Winkler Lorenz Baumann Kraus Schulte Yilmaz Nowak"
    ),
    "von Stein",
    "von der Heide",
)

CHINESE_BRANDS = _pairs(
    "华信 huaxin 东方 dongfang 瑞通 ruitong 恒达 hengda 天成 tiancheng 鼎盛 dingsheng 金石 jinshi "
    "博远 boyuan 安泰 antai 联创 lianchuang 新元 xinyuan 三禾 sanhe 凌云 lingyun 宏图 hongtu "
    "百川 baichuan 启明 qiming 海纳 haina 众合 zhonghe 万里 wanli 乐康 lekang 青禾 qinghe 云帆 yunfan"
)
CHINESE_TRADES = (
    ("机械", "jixie", "Machinery", "manufacturing"),
    ("电子科技", "dianzi", "Electronics", "electronics"),
    ("物流", "wuliu", "Logistics", "logistics"),
    ("医疗器械", "yiliao", "Medical Devices", "healthcare"),
    ("教育科技", "jiaoyu", "Education", "education"),
    ("新能源", "xinnengyuan", "New Energy", "energy"),
    ("食品", "shipin", "Foods", "food"),
    ("软件", "ruanjian", "Software", "software"),
    ("自动化设备", "zidonghua", "Automation", "manufacturing"),
)
"""Trades: Chinese word, pinyin, English word, industry."""
CHINESE_SUFFIXES = ("有限公司", "有限公司", "股份有限公司", "集团有限公司", "有限责任公司")

WESTERN_BRANDS = _words(
    "Ironwood|Lakeshore|Blue Harbor|Summit Ridge|Redfern|Kestrel|Oakhurst|Brightwater|Stonebridge|Fairmont|Halden|"
    "Nordlicht|Elbtal|Rheinwerk|Bergmann|Silberpfeil|Greenfield|Marlowe|Thistle|Copperline|Westbrook|Larkspur",
    "|",
)
WESTERN_TRADES = (
    ("Logistics", "logistics"),
    ("Medical", "healthcare"),
    ("Software", "software"),
    ("Foods", "food"),
    ("Robotics", "manufacturing"),
    ("Energy", "energy"),
    ("Systems", "electronics"),
    ("Learning", "education"),
)
WESTERN_SUFFIXES = {
    "US": ("Inc.", "LLC", "Corp."),
    "GB": ("Ltd", "plc", "Limited"),
    "DE": ("GmbH", "AG", "GmbH & Co. KG"),
}

CITIES = {
    "CN": _cities("""
上海|Shanghai|上海市|200040|21
北京|Beijing|北京市|100020|10
深圳|Shenzhen|广东省|518000|755
广州|Guangzhou|广东省|510620|20
杭州|Hangzhou|浙江省|310012|571
苏州|Suzhou|江苏省|215021|512
成都|Chengdu|四川省|610041|28
武汉|Wuhan|湖北省|430070|27
青岛|Qingdao|山东省|266071|532"""),
    "US": _cities("""
Boston|Boston|MA|02110|617
New York|New York|NY|10018|212
Newark|Newark|NJ|07102|973
Chicago|Chicago|IL|60606|312
Austin|Austin|TX|78701|512
Seattle|Seattle|WA|98101|206
Denver|Denver|CO|80202|303
Atlanta|Atlanta|GA|30303|404"""),
    "GB": _cities("""
London|London|England|EC1A 1BB|20 7946
Bristol|Bristol|England|BS1 4DJ|117 496
Manchester|Manchester|England|M1 1AE|161 496
Leeds|Leeds|England|LS1 3AD|113 496
Edinburgh|Edinburgh|Scotland|EH1 1YZ|131 496"""),
    "DE": _cities("""
Berlin|Berlin|Berlin|10115|30 23125
Hamburg|Hamburg|Hamburg|20095|40 66969
Frankfurt am Main|Frankfurt am Main|Hessen|60311|69 90009
Köln|Koeln|Nordrhein-Westfalen|50667|221 4710
München|Muenchen|Bayern|80331|89 99998
Dresden|Dresden|Sachsen|01067|30 23125"""),
}
"""Cities per country; British and German area codes lead into the number ranges kept free for fiction."""

TITLES = {
    "CN": ("总经理", "采购经理", "IT 经理", "生产总监", "市场部主管", "信息化负责人", "副总裁", "运营专员"),
    "US": ("CEO", "Head of Operations", "IT Manager", "Purchasing Manager", "VP Sales", "Plant Manager", "Analyst"),
    "GB": ("Managing Director", "Operations Manager", "Head of IT", "Buyer", "Marketing Manager"),
    "DE": ("Geschäftsführer", "Einkaufsleiter", "IT-Leiterin", "Werksleiter", "Leiter Vertrieb", "Referentin"),
}
