"""Japanese. Its voice reads digits with what they count, so that they are left to it."""

import re

from spoken.verbalizer import MASCULINE, Verbalizer


class Japanese(Verbalizer):
    """See `Verbalizer`."""

    language = "ja"
    regions = ("JP",)
    decimal, groups = ".", ","
    marks = (".", ".")
    to, minus, number, per = "から", "マイナス", "ナンバー", "毎"
    percent = "パーセント"
    spaced = False
    between_cents = None
    plurals = {"other": 0}
    currencies = {
        "$": "ドル", "€": "ユーロ", "£": "ポンド", "¥": "円", "₹": "ルピー", "₽": "ルーブル", "₩": "ウォン", "₺": "リラ",
        "₿": "ビットコイン", "sat": "サトシ", "R$": "レアル", "zł": "ズウォティ", "Kč": "コルナ", "Ft": "フォリント",
    }  # fmt: skip
    magnitudes = {
        "千": (3, "千"), "万": (4, "万"), "億": (8, "億"), "兆": (12, "兆"), "k": (3, "千"), "m": (6, "百万"),
        "bn": (9, "十億"), "b": (9, "十億"), "百万": (6, "百万"),
    }  # fmt: skip
    abbreviations = {"no.": "ナンバー", "tel.": "電話", "tel:": "電話", "vol.": "ボリューム"}
    telephone = r"電話|TEL|Tel|携帯|番号|ファックス|FAX"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        return str(number)

    def digit_by_digit(self, digits: str) -> str:
        """See `Verbalizer.digit_by_digit`."""
        return " ".join(digits)

    def decimal_number(self, whole: str, mark: str, fraction: str, gender: str = MASCULINE) -> str:
        """See `Verbalizer.decimal_number`."""
        return f"{whole}.{fraction}"

    def whole(self, digits: str, gender: str = MASCULINE) -> str:
        """See `Verbalizer.whole`."""
        return digits

    def telephone_number(self, groups: list[str]) -> str:
        """See `Verbalizer.telephone_number`."""
        return "、".join(map(self.digit_by_digit, groups))

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "2024年4月3日"."""
        return f"{f'{year}年' if year else ''}{month}月{day}日"

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """Say "9時30分"."""
        return f"{hour}時{minute}分" if minute else f"{hour}時"

    def unit(self, number: str, name: str, said: str) -> str:
        """See `Verbalizer.unit`."""
        return (
            f"{said or number}度"
            if name == "temperature-celsius"
            else super().unit(number, name, said or number)
        )

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "2分の1"."""
        return f"{denominator}分の{numerator}"


PEOPLE = re.compile(r"(?<![一二三四五六七八九十百千万数第])([一二])人(?![前称口])")
"""One and two people, which have words of their own."""
