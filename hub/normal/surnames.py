"""Chinese and Korean family names, in simplified and traditional characters, and how the irregular ones are read."""

from __future__ import annotations

from hub.normal.tables import spellings, words

SINGLE: frozenset[str] = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚"
    "卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温"
    "康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成"
    "苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费"
    "卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠"
    "惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国"
    "狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭況况那宿鲜印逯隆茹诺战慕危玉银"
    "亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由仉锺么撒濮缑郇逄闾眭張劉陳楊黃趙"
    "吳孫馬鄭謝許韓馮鄧蕭葉蘇呂盧薑鐘鍾譚陸範賈韋鄒閻龍賀顧龔萬錢嚴湯喬龐顏莊聶魯嶽關蘭紀畢單塗穀駱藍遊歐華饒"
    "農繆簡車項連蘆麥婁竇黨宮費衛師應閔鄔邊榮叢鞏鄺談勞諶樓滿聞厲區闞權強帥國計門雲來銀陽屬買鮮闕雋"
)
"""Family names of one character."""

DOUBLE: frozenset[str] = words(
    """
    欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠
    公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁
    拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五 贺兰 纳兰 叶赫 爱新 完颜 歐陽
    端木 司馬 東方 獨孤 南宮 聞人 諸葛 尉遲 赫連 澹臺 濮陽 公孫 仲孫 鍾離 鐘離 長孫 鮮于 閭丘 軒轅 東郭 西門 賀蘭
    納蘭 葉赫 愛新 完顏
    """
)
"""Family names of two characters."""

READINGS = spellings(
    """
    shan: 单, 單
    qiu: 仇
    xie: 解
    zeng: 曾
    zha: 查
    ou: 区, 區
    piao: 朴
    ge: 盖
    zhai: 翟
    qin: 覃
    xian: 冼
    miao: 缪, 繆
    yun: 员
    shao: 召
    chong: 种
    ren: 任
    ning: 宁
    yan: 燕
    ying: 应
    sheng: 盛
    hua: 华
    yuchi: 尉迟, 尉遲
    moqi: 万俟
    zhangsun: 长孙, 長孫
    tantai: 澹台
    linghu: 令狐
    yuezheng: 乐正
    zaifu: 宰父
    qiguan: 亓官
    """
)
"""Family names that are read otherwise than the character usually is."""

KOREAN_DOUBLE: frozenset[str] = words(
    """
    남궁 황보 제갈 사공 선우 서문 독고 동방
    """
)
"""Korean family names of two syllables."""
