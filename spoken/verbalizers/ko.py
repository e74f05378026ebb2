"""Korean, which counts things with numbers of its own and measures with Chinese ones."""

import re

from spoken.verbalizer import MASCULINE, Verbalizer

_ONES = ("", *["하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉"])
_TENS = ("", *["열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"])
_BEFORE = {"하나": "한", "둘": "두", "셋": "세", "넷": "네", "스물": "스무"}
COUNTERS = "개(?!월|년|국|소)|명|살|시간|시(?!즌)|마리|권|잔|병|대(?!로)|장(?!구)|송이|그루|켤레|벌|채|번째|번|군데|가지|사람|분(?= ?(?:께|이|의|을|은|도))|달|곳|줄|통|컵|그릇|조각|척|큰술|작은술|스푼|숟가락|봉지|봉|알|쪽|꼬집|줌|팩|캔|판|줄기|포기|묶음|쌍|자루|차례|바퀴|걸음|모금|갈래"
"""What is counted with native numbers."""
_NATIVE_BELOW = 100
_AFTERNOON, _NOON, _MIDNIGHT = "오후", 12, 24
_HALVES = frozenset(["오전", "오후", "아침", "낮", "저녁", "밤", "새벽"])


class Korean(Verbalizer):
    """See `Verbalizer`."""

    language = "ko"
    regions = ("KR",)
    decimal, groups = ".", ","
    marks = ("점", "점")
    to, minus, number, per = "에서", "마이너스", "번호", "매"
    percent = "퍼센트"
    fraction_by_digits = True
    between_cents = None
    plurals = {"other": 0}
    digit_names = "공 일 이 삼 사 오 육 칠 팔 구"
    currencies = {
        "$": "달러", "€": "유로", "£": "파운드", "¥": "엔", "₹": "루피", "₽": "루블", "₩": "원", "₺": "리라",
        "₿": "비트코인", "sat": "사토시", "R$": "헤알", "zł": "즈워티", "Kč": "코루나", "Ft": "포린트",
    }  # fmt: skip
    magnitudes = {
        "천": (3, "천"), "만": (4, "만"), "억": (8, "억"), "조": (12, "조"), "백만": (6, "백만"), "천만": (7, "천만"),
        "k": (3, "천"), "m": (6, "백만"), "bn": (9, "십억"), "b": (9, "십억"),
    }  # fmt: skip
    telephone = r"전화|핸드폰|휴대폰|연락처|팩스|번호"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        return super().cardinal(number).replace(" ", "")

    def counted(self, number: int, following: str) -> str:
        """Say a native number of what is counted with one."""
        if number % 10 == 0 and following.startswith("대"):  # people in their twenties
            return self.cardinal(number)
        if number > _NOON and re.match("시(?![간즌대])", following):
            return self.cardinal(number)
        if 0 < number < _NATIVE_BELOW and re.match(COUNTERS, following):
            return self.native(number)
        return self.cardinal(number)

    def native(self, number: int) -> str:
        """Say a native number below 100 as it stands before what is counted."""
        tens, ones = _TENS[number // 10], _ONES[number % 10]
        return f"{tens}{_BEFORE.get(ones, ones)}" if ones else _BEFORE.get(tens, tens)

    def fraction(self, digits: str) -> str:
        """See `Verbalizer.fraction`."""
        return self.digit_by_digit(digits).replace("공", "영")

    def decimal_number(self, whole: str, mark: str, fraction: str, gender: str = MASCULINE) -> str:
        """Say "삼 점 오"."""
        return f"{self.whole(whole)} 점 {self.fraction(fraction)}"

    def scaled(self, number: str, power: int, noun: str) -> str:
        """See `Verbalizer.scaled`."""
        return f"{number} {noun}"

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """See `Verbalizer.amount`."""
        said = super().amount(number, forms, scale=scale)
        return re.sub(r" (?=[천만억조백십]+ )", "", said) if scale else said

    def month(self, month: int) -> str:
        """Say "유월", "시월"."""
        return {6: "유월", 10: "시월"}.get(month) or f"{self.cardinal(month)}월"

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "이천이십사년 사월 삼일"."""
        return self.join(
            f"{self.cardinal(year)}년" if year else "", self.month(month), f"{self.cardinal(day)}일"
        )

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """Say "아홉 시 삼십 분", "오후 두 시"."""
        said = f"{self.native(hour % 12 or 12)} 시" if hour % 24 else "영 시"
        said = f"{_AFTERNOON} {said}" if _NOON < hour < _MIDNIGHT else said
        return f"{said} {self.cardinal(minute)} 분" if minute else said

    def time_after(self, before: str, said: str) -> str:
        """Leave "오후" out where the text tells the half of the day."""
        return said.removeprefix(f"{_AFTERNOON} ") if before in _HALVES else said

    def below_zero(self, said: str) -> str:
        """Say "영하 오 도"."""
        return f"영하 {said.removeprefix('섭씨 ')}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "이분의 일"."""
        return f"{self.cardinal(denominator)}분의 {self.cardinal(numerator)}"
