"""Chinese."""

import re

from spoken.verbalizer import MASCULINE, Verbalizer

_DIGITS = "零一二三四五六七八九"
_SCALES = ("", "万", "亿", "万亿")
# Of two of these people say 两.
_MEASURES = (
    "个位名只条张本件次年月周天小时分钟块元块米公里斤千克人口家所辆座层间杯瓶台种遍倍岁套双群班句首部支把头颗"
)
COUNTED_BY_TWO = frozenset(
    "个位名只条张本件次年周天块米斤人口家所辆座间杯瓶台种遍倍套双群句首部支把头颗点"
    "室厅勺碗袋份盒场幅排对轮届节课篇页盘桶箱包罐根粒滴匹艘架棵朵居枚串片栋则顿趟阵圈门扇顶"
)
_BY_TWO = ("分钟", "小时", "公里", "公斤", "千克", "毫升", "厘米", "星期", "季度", "世纪")


class Chinese(Verbalizer):
    """See `Verbalizer`."""

    language = "zh"
    regions = ("CN", "TW", "HK")
    decimal, groups = ".", ","
    marks = ("点", "点")
    to, minus, number, per = "到", "负", "编号", "每"
    spaced = False
    fraction_by_digits = True
    between_cents = None
    plurals = {"other": 0}
    currencies = {
        "$": "美元", "€": "欧元", "£": "英镑", "¥": "元", "₹": "卢比", "₽": "卢布", "₩": "韩元", "₺": "里拉",
        "₿": "比特币", "sat": "聪", "R$": "雷亚尔", "zł": "兹罗提", "Kč": "克朗", "Ft": "福林", "HK$": "港元", "NT$": "新台币",
    }  # fmt: skip
    magnitudes = {
        "千": (3, "千"), "万": (4, "万"), "亿": (8, "亿"), "万亿": (12, "万亿"), "百万": (6, "百万"), "k": (3, "千"),
        "m": (6, "百万"), "bn": (9, "十亿"), "b": (9, "十亿"),
    }  # fmt: skip
    telephone = r"电话|手机|拨打|致电|传真|热线|联系"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        if not number:
            return "零"
        said = ""
        groups = [number // 10_000**power % 10_000 for power in range(4)]
        for power in reversed(range(4)):
            group = groups[power]
            if not group:
                continue
            if said and group < 1000:
                said += "零"
            said += _below_myriad(group) + _SCALES[power]
        return re.sub("^二(?=[千万亿])", "两", re.sub("^一十", "十", said))

    def counted(self, number: int, following: str) -> str:
        """Say 两 of two that are counted."""
        counted = following[:1] in COUNTED_BY_TWO or following.startswith(_BY_TWO)
        return "两" if number == 2 and counted else self.cardinal(number)

    def year(self, number: int) -> str:
        """Say the digits of a year."""
        return "".join(_DIGITS[int(digit)] for digit in str(number))

    def month(self, month: int) -> str:
        """See `Verbalizer.month`."""
        return f"{self.cardinal(month)}月"

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "二零二四年四月三日"."""
        return f"{self.year(year) + '年' if year else ''}{self.month(month)}{self.cardinal(day)}日"

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """Say "两点三十分"."""
        said = f"{'两' if hour == 2 else self.cardinal(hour)}点"
        if not minute:
            return said
        return f"{said}{'零' if minute < 10 else ''}{self.cardinal(minute)}分"

    def telephone_number(self, groups: list[str]) -> str:
        """See `Verbalizer.telephone_number`."""
        return "、".join(map(self.digit_by_digit, groups))

    def hundredths(self, number: str, said: str) -> str:
        """Say "百分之五十"."""
        return f"百分之{said}"

    def money(self, number: str, sign: str, *, scale: str = "") -> str:
        """Say "三元五角"."""
        whole, _, cents = number.partition(".")
        if sign != "¥" or scale or len(cents) != 2 or not int(whole):
            return super().money(number, sign, scale=scale)
        said = self.amount(whole, "元")
        tenths, hundredths = (
            f"{_DIGITS[int(digit)]}{name}" if digit != "0" else ""
            for digit, name in zip(cents, "角分", strict=True)
        )
        return f"{said}{tenths or '零'}{hundredths}" if hundredths else f"{said}{tenths}"

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """See `Verbalizer.amount`."""
        said = super().amount(number, forms, scale=scale)
        return (
            re.sub("^二(?=[千万亿美欧英元卢韩里比港块]|十亿)", "两", said)
            if not said.startswith("二十")
            else said
        )

    def unit(self, number: str, name: str, said: str) -> str:
        """See `Verbalizer.unit`."""
        spoken = super().unit(number, name, said)
        return re.sub("^二(?=[^一二三四五六七八九十百千万亿零点])", "两", spoken)

    def below_zero(self, said: str) -> str:
        """See `Verbalizer.below_zero`."""
        return f"零下{said}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "二分之一"."""
        return f"{self.cardinal(denominator)}分之{self.cardinal(numerator)}"


def _below_myriad(number: int) -> str:
    said, gap = "", False
    for power, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            said += ("零" if gap and said else "") + _DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return said
