"""Russian."""

import re
from functools import cache, lru_cache

from num2words import num2words  # type: ignore[import-untyped]  # ships no types

from spoken.cases import DATIVE, GENITIVE, INSTRUMENTAL, LOCATIVE, PREPOSITION, YEARS, InCase, case_before
from spoken.verbalizer import FEMININE, MASCULINE, NEUTER, Verbalizer, listed

_PARTS = {1: "десят", 2: "сот", 3: "тысячн"}
_GENITIVE_AFTER = frozenset(["с", "со", "до", "от", "после", "около"])
_CASES = {
    **dict.fromkeys(
        [
            "без", "более", "больше", "вместо", "внутри", "возле", "вокруг", "для", "до", "из", "из-за", "кроме", "менее", "меньше",
            "около", "от", "порядка", "после", "против", "с", "свыше", "со", "среди", "течение", "у",
        ],
        GENITIVE,
    ),
    **dict.fromkeys(["благодаря", "к", "ко", "согласно", "вопреки"], DATIVE),
    **dict.fromkeys(["между", "над", "перед", "под"], INSTRUMENTAL), **dict.fromkeys(["о", "об", "при"], LOCATIVE),
}  # fmt: skip
"""What each preposition asks for that asks for one case, and a comparison."""
# What a noun in the plural tells, whatever stands before it.
_NOUN_ENDINGS = {
    "ами": INSTRUMENTAL, "ями": INSTRUMENTAL, "ьми": INSTRUMENTAL, "ах": LOCATIVE, "ях": LOCATIVE, "ам": DATIVE, "ям": DATIVE,
}  # fmt: skip
_NO_NOUNS = frozenset(["ах", "вам", "вами", "нам", "нами", "сам", "сами", "там"])
_LETTERS = "gdaip"  # the cases of num2words
_PLURALS = ("", "ам", "", "ами", "ах")
_SOFT_PLURALS = ("", "ям", "", "ями", "ях")
# What is abbreviated before a number or a name: genitive/dative/accusative/instrumental/locative.
_DECLINED = {
    "версия": "версии/версии/версию/версией/версии",
    "улица": "улицы/улице/улицу/улицей/улице", "проспект": "проспекта/проспекту/проспект/проспектом/проспекте",
    "площадь": "площади/площади/площадь/площадью/площади", "переулок": "переулка/переулку/переулок/переулком/переулке",
    "дом": "дома/дому/дом/домом/доме", "квартира": "квартиры/квартире/квартиру/квартирой/квартире", "город": "города/городу/город/городом/городе",
    "область": "области/области/область/областью/области", "страница": "страницы/странице/страницу/страницей/странице",
    "глава": "главы/главе/главу/главой/главе", "рисунок": "рисунка/рисунку/рисунок/рисунком/рисунке", "таблица": "таблицы/таблице/таблицу/таблицей/таблице",
    "телефон": "телефона/телефону/телефон/телефоном/телефоне", "профессор": "профессора/профессору/профессора/профессором/профессоре",
    "академик": "академика/академику/академика/академиком/академике", "доктор": "доктора/доктору/доктора/доктором/докторе",
    "пункт": "пункта/пункту/пункт/пунктом/пункте", "статья": "статьи/статье/статью/статьёй/статье", "корпус": "корпуса/корпусу/корпус/корпусом/корпусе",
    "кабинет": "кабинета/кабинету/кабинет/кабинетом/кабинете", "аудитория": "аудитории/аудитории/аудиторию/аудиторией/аудитории",
    "часть": "части/части/часть/частью/части", "этаж": "этажа/этажу/этаж/этажом/этаже", "параграф": "параграфа/параграфу/параграф/параграфом/параграфе",
}  # fmt: skip
_OF_A_LAW = frozenset({"статья", "пункт", "часть"})  # "пункт три статьи пятнадцать"
# What is numbered, by how it begins; the feminine of it.
_NUMBERED = "вагон|выпуск|день|дня|дне|кабинет|канал|класс|корпус|курс|мест|микрорайон|номер|пут[иь]|подъезд|раунд|сезон|том|тур|уров|этаж|этап"
_NUMBERED_FEMININE = "аудитори|больниц|верси|глав|групп|зон|квартир|комнат|лини|минут|недел|очеред|палат|парт|платформ|поликлиник|секци|сери|стадии|страниц|част|школ"
_DURATIONS = ("недел", "минут", "дн", "комнат")
_MAY_BE_PLACE = re.compile(rf"(?:{_NUMBERED})|(?P<f>{_NUMBERED_FEMININE})")
_GENITIVE = {
    "один": "одного", "два": "двух", "три": "трёх", "четыре": "четырёх", "восемь": "восьми", "ноль": "ноля",
    "сорок": "сорока", "пятьдесят": "пятидесяти", "час": "часа", "часа": "часов",
    **{
        number: f"{number[:-1]}и"
        for number in [
            "пять", "шесть", "семь", "девять", "десять", "одиннадцать", "двенадцать", "тринадцать", "четырнадцать",
            "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать", "девятнадцать", "двадцать", "тридцать",
        ]
    },
}  # fmt: skip
_ENDINGS = {
    "й": "", "ый": "", "ой": "", "ий": "", "я": "ая", "ая": "ая", "е": "ое", "ое": "ое", "ье": "ое", "го": "ого",
    "ого": "ого", "м": "ом", "ом": "ом", "му": "ому", "ю": "ую", "ую": "ую", "х": "ых", "ых": "ых", "ые": "ые", "ей": "ой",
}  # fmt: skip

# Words that follow a number and are not what it counts.
_NOT_COUNTED = listed("для до за и или как когда на не ни но о около по после при про с со это уже ещё что")
_ROOTS = (
    "битн|байтов|летн|лети|дневн|часов|минутн|секундн|этажн|комнатн|процентн|месячн|недельн|градусн|серийн|метров|километров"
    "|литров|кратн|местн|значн|балльн|очков|томн|рубл[её]в|миллионн|тысячн|дюймов|ядерн|гранн|колёсн"
)
_COMPOUND = {
    "один": "одно", "сто": "сто", "девяносто": "девяносто", "тысяча": "тысяче", "двести": "двухсот", "триста": "трёхсот",
    "четыреста": "четырёхсот",
}  # fmt: skip
_QUEENS = ("Анн", "Виктори", "Екатерин", "Елизавет", "Мари", "Маргарит")
# What a number above one can only stand before as an ordinal, since it would count these in another case.
_PLACES = frozenset(
    ["класс", "курс", "место", "подъезд", "раунд", "сезон", "том", "тур", "уровень", "этаж", "этап"]
)
_AFTER_NAME = {"а": "го", "я": "го", "у": "му", "ю": "му", "е": "м"}
_AFTER_QUEEN = {"а": "я", "я": "я", "у": "ю", "ю": "ю"}
_AFTER_CENTURY = {"век": "й", "века": "го", "веке": "м", "веку": "му", "веков": "х", "веках": "х"}


class Russian(Verbalizer):
    """See `Verbalizer`."""

    language = "ru"
    regions = ("RU", "KZ", "BY")
    parts_decline = True
    dots_dates = True
    attached = {"эт.": "этажный", "мест.": "местный"}
    compounds = re.compile(rf"(?<![\w.,])(\d{{1,4}})-(?={_ROOTS})")  # "40-летие", "5-этажный"
    marks = ("точка", "целых")
    to, minus, number, per = "до", "минус", "номер", "в"
    percent = "процент/процента/процентов"
    plurals = {"one": 0, "few": 1, "many": 2, "other": 3}
    currencies = {
        "$": "доллар/доллара/долларов", "€": "евро", "£": "фунт/фунта/фунтов", "¥": "иена/иены/иен",
        "₹": "рупия/рупии/рупий", "₽": "рубль/рубля/рублей", "руб": "рубль/рубля/рублей", "₩": "вона/воны/вон",
        "₺": "лира/лиры/лир", "₿": "биткоин/биткоина/биткоинов", "sat": "сатоши", "R$": "реал/реала/реалов",
        "zł": "злотый/злотых/злотых", "Kč": "крона/кроны/крон", "Ft": "форинт/форинта/форинтов", "₴": "гривна/гривны/гривен",
    }  # fmt: skip
    cents = {
        "₽": "копейка/копейки/копеек", "руб": "копейка/копейки/копеек", "€": "цент/цента/центов",
        "$": "цент/цента/центов", "£": "пенс/пенса/пенсов",
    }  # fmt: skip
    magnitudes = {
        "тыс": (3, "тысяча/тысячи/тысяч"), "млн": (6, "миллион/миллиона/миллионов"),
        "млрд": (9, "миллиард/миллиарда/миллиардов"), "трлн": (12, "триллион/триллиона/триллионов"),
        "k": (3, "тысяча/тысячи/тысяч"), "миллион": (6, "миллион"), "миллиона": (6, "миллиона"),
        "миллионов": (6, "миллионов"), "миллиарда": (9, "миллиарда"), "миллиардов": (9, "миллиардов"),
        "тысяч": (3, "тысяч"), "тысячи": (3, "тысячи"), "mln": (6, "миллион/миллиона/миллионов"),
    }  # fmt: skip
    abbreviations = {
        "уч.": "участок", "т.": "том",
        "и т. д.": "и так далее", "и т.д.": "и так далее", "т. д.": "так далее", "и т. п.": "и тому подобное",
        "и т.п.": "и тому подобное", "т. е.": "то есть", "т.е.": "то есть", "т. к.": "так как", "т.к.": "так как",
        "т. н.": "так называемый", "до н. э.": "до нашей эры", "н. э.": "нашей эры", "и др.": "и другие",
        "и пр.": "и прочее", "напр.": "например", "ул.": "улица", "пр.": "проспект", "просп.": "проспект",
        "пл.": "площадь", "пер.": "переулок", "д.": "дом", "кв.": "квартира", "г.": "город", "обл.": "область",
        "стр.": "страница", "с.": "страница", "гл.": "глава", "рис.": "рисунок", "табл.": "таблица", "см.": "смотри",
        "ср.": "сравни", "тел.": "телефон", "руб.": "рублей", "коп.": "копеек", "тыс.": "тысяч", "млн.": "миллионов",
        "млрд.": "миллиардов", "им.": "имени", "проф.": "профессор", "акад.": "академик", "д-р": "доктор",
        "г-н": "господин", "г-жа": "госпожа", "ок.": "около", "макс.": "максимум", "мин.": "минут", "сек.": "секунд",
        "ч.": "часов", "п.": "пункт", "ст.": "статья", "р-н": "район", "янв.": "января", "февр.": "февраля",
        "апр.": "апреля", "авг.": "августа", "сент.": "сентября", "окт.": "октября", "нояб.": "ноября",
        "дек.": "декабря", "изд.": "издание", "чел.": "человек", "корп.": "корпус", "доб.": "добавочный", "шт.": "штук", "в т. ч.": "в том числе",
        "в т.ч.": "в том числе", "гг.": "годы", "вв.": "века", "мес.": "месяцев",
        "каб.": "кабинет", "эт.": "этаж", "комн.": "комнатная", "д-ра": "доктора", "д-ру": "доктору", "д-ром": "доктором", "д-ре": "докторе",
        "г-на": "господина", "г-ну": "господину", "г-ном": "господином", "г-жи": "госпожи", "г-же": "госпоже", "г-жу": "госпожу", "р-не": "районе",
        "р-на": "района", "к/у": "коммунальные услуги", "каф.": "кафе", "ауд.": "аудитория", "спс": "спасибо", "пжл": "пожалуйста", "пжлст": "пожалуйста",
        "крч": "короче", "кст": "кстати", "оч": "очень", "кв. м": "квадратный метр", "ст. л.": "столовая ложка", "ч. л.": "чайная ложка",
    }  # fmt: skip
    units = {
        "перс": "=персона/персоны/персон",
        "МБ": "digital-megabyte", "ГБ": "digital-gigabyte", "КБ": "digital-kilobyte", "ТБ": "digital-terabyte", "кВт": "power-kilowatt", "Вт": "power-watt", "кВт·ч": "energy-kilowatt-hour",
        "комн": "=комната/комнаты/комнат",
        "мкм": "length-micrometer", "мкг": "mass-microgram",
        "км/ч": "speed-kilometer-per-hour", "м/с": "speed-meter-per-second", "км": "length-kilometer",
        "м": "length-meter", "см": "length-centimeter", "мм": "length-millimeter", "кг": "mass-kilogram",
        "г": "mass-gram", "мг": "mass-milligram", "т": "mass-tonne", "л": "volume-liter", "мл": "volume-milliliter",
        "м2": "area-square-meter", "км2": "area-square-kilometer", "м3": "volume-cubic-meter", "га": "area-hectare",
        "ч": "duration-hour", "мин": "duration-minute", "сек": "duration-second", "гб": "digital-gigabyte",
        "мб": "digital-megabyte", "квт": "power-kilowatt", "вт": "power-watt", "ккал": "energy-kilocalorie",
        "шт": "=штука/штуки/штук", "чел": "=человек/человека/человек", "экз": "=экземпляр/экземпляра/экземпляров",
        "упак": "=упаковка/упаковки/упаковок", "коп": "=копейка/копейки/копеек", "нед": "=неделя/недели/недель",
        "мес": "=месяц/месяца/месяцев", "дн": "=день/дня/дней",
        "ст. л": "=столовая ложка/столовые ложки/столовых ложек/столовой ложки", "ст.л": "=столовая ложка/столовые ложки/столовых ложек/столовой ложки",
        "ч. л": "=чайная ложка/чайные ложки/чайных ложек/чайной ложки", "ч.л": "=чайная ложка/чайные ложки/чайных ложек/чайной ложки",
        "п.п": "=процентный пункт/процентных пункта/процентных пунктов", "п. п": "=процентный пункт/процентных пункта/процентных пунктов",
        "кв. м": "area-square-meter", "кв.м": "area-square-meter", "сот": "=сотка/сотки/соток",
    }  # fmt: skip
    ordinal_mark = r"-(?P<ending>ый|ой|ий|ая|ое|ье|ого|ом|ую|ых|го|му|ей|й|я|е|м|ю|х)\b"
    years = r"году|года|год|г\."
    each = {
        "мес": "в месяц", "месяц": "в месяц", "шт": "за штуку", "чел": "с человека", "сут": "в сутки", "сутки": "в сутки", "нед": "в неделю",
        "кг": "за килограмм", "год": "в год", "день": "в день", "час": "в час",
    }  # fmt: skip
    telephone = r"тел|телефон|звон|позвон|моб|факс|номер"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = re.sub("^одна (?=тысяча)", "", super().cardinal(number))
        if gender == FEMININE:
            said = re.sub(r"один$", "одна", re.sub(r"два$", "две", said))
        return re.sub("один$", "одно", said) if gender == NEUTER else said

    def counted(self, number: int, following: str) -> str:
        """Say "одна", "две" and the like before what is counted, as its ending tells."""
        if number >= 1 and following in _PLACES:
            return self.ordinal(number, NEUTER if following == "место" else MASCULINE)
        if following in _NOT_COUNTED:
            return self.cardinal(number)
        if number % 10 == 1 and following.endswith(("а", "я", "у", "ю")):
            said = self.cardinal(number, FEMININE)
            return re.sub("одна$", "одну", said) if following.endswith(("у", "ю")) else said
        if number % 10 == 1 and following.endswith(("о", "е")):
            return self.cardinal(number, NEUTER)
        if number % 10 == 2 and following.endswith(("ы", "и")):
            return self.cardinal(number, FEMININE)
        return self.cardinal(number)

    def decimal_number(self, whole: str, mark: str, fraction: str, gender: str = MASCULINE) -> str:
        """Say "две целых пять десятых"."""
        if mark == "." or len(fraction) not in _PARTS:
            return self.join(
                self.whole(whole), self.marks[0] if mark == "." else "и", self.digit_by_digit(fraction)
            )
        number, part = int(whole), int(fraction)
        name = _PARTS[len(fraction)]
        return self.join(
            self.cardinal(number, FEMININE),
            "целая" if _is_one(number) else "целых",
            self.cardinal(part, FEMININE),
            f"{name}ая" if _is_one(part) else f"{name}ых",
        )

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        return self.inflected(number, {FEMININE: "я", NEUTER: "е"}.get(gender, "й"))

    def inflected(self, number: int, ending: str, noun: str = "") -> str:
        """Say an ordinal with the ending that is written after its digits."""
        if ending == "е" and noun.startswith("год"):
            ending = "ые"
        elif ending == "й" and noun.endswith(("е", "и", "ы", "ах", "ях")):
            ending = "ей"
        said = re.sub("^одна (?=тысяча)", "", super().ordinal(number))
        ending = _ENDINGS[ending]
        if not ending:
            return said
        head, _, last = said.rpartition(" ")
        if last == "третий":
            soft = {
                "ая": "ья",
                "ое": "ье",
                "ого": "ьего",
                "ом": "ьем",
                "ому": "ьему",
                "ую": "ью",
                "ых": "ьих",
                "ой": "ьей",
            }
            return self.join(head, f"трет{soft[ending]}")
        return self.join(head, f"{last[:-2]}{ending}")

    def compound(self, number: int) -> str:
        """Say "сорока" as it begins "сорокалетие"."""
        words = self.cardinal(number).split(" ")
        return "".join(
            _COMPOUND.get(word)
            or (
                f"{word[:-3].removesuffix('ь')}исот"
                if word.endswith("сот")
                else _GENITIVE.get(word, _tens(word))
            )
            for word in words
        )

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Пётр первый", "Екатерины второй", "двадцать первый век", "глава вторая"."""
        if after.lower() in _AFTER_CENTURY:
            return self.inflected(number, _AFTER_CENTURY[after.lower()])
        if before.lower() in {"в", "во", "на"} and after.endswith("е"):
            return self.inflected(number, "м")
        if before.startswith(_QUEENS):
            return self.inflected(number, _AFTER_QUEEN.get(before[-1], "ей"))
        if before.endswith(("ава", "аза", "асть", "ема", "уппа")):
            return self.inflected(number, "я")
        if before[:1].isupper() and len(before) > 2:
            return self.inflected(number, _AFTER_NAME.get(before[-1], "й"))
        return self.ordinal(number, FEMININE if after.endswith(("а", "я")) else MASCULINE)

    def century(self, number: int, before: str, *, plural: bool) -> str:
        """Say "двадцатом веке", "двадцатого века"."""
        if plural:
            return f"{self.inflected(number, 'го')} веков"
        if not before:
            return f"{self.ordinal(number)} век"
        inside = before.lower() in {"в", "во"}
        return f"{self.inflected(number, 'м' if inside else 'го')} {'веке' if inside else 'века'}"

    def day(self, number: int) -> str:
        """Say "третье"."""
        return self.ordinal(number, NEUTER)

    def year(self, number: int) -> str:
        """Say "две тысячи двадцать четвёртого года"."""
        return f"{self.inflected(number, 'го')} года"

    def year_named(self, number: int, before: str, noun: str) -> str | None:
        """Say a year before "год", "году", "года" or "г."."""
        if noun == "г.":
            noun = "году" if before.lower() in {"в", "во"} else "года"
        said = self.inflected(number, {"год": "й", "году": "м", "года": "го"}[noun])
        return f"{said} {noun}"

    def date_after(self, before: str, year: int | None, month: int, day: int) -> str:
        """Say "до третьего апреля"."""
        case = _CASES.get(before.lower())
        ending = {GENITIVE: "го", DATIVE: "му", INSTRUMENTAL: "м"}.get(case, "е") if case is not None else "е"
        return self.join(self.inflected(day, ending), self.month(month), self.year(year) if year else "")

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say "третьего апреля"."""
        ending = "е" if before.lower() == "по" else "го"  # up to
        return self.join(self.inflected(day, ending), month, self.year(year) if year else "")

    def spoken_range(self, first: str, last: str) -> str:
        """Say "пять-десять", which no case changes."""
        return f"{first}-{last}"

    def time_after(self, before: str, said: str) -> str:
        """Say "с девяти часов", "до семнадцати тридцати"."""
        if before.lower() in {"к", "ко"}:
            return " ".join(_datives().get(word, word) for word in said.split(" "))
        if before.lower() not in _GENITIVE_AFTER:
            return said
        return " ".join(_GENITIVE.get(word, word) for word in said.split(" "))

    def day_after(self, before: str, name: str) -> str:
        """Say "в субботу"."""
        return re.sub("а$", "у", name) if before.lower() in {"в", "во", "на", "за"} else name

    def hour(self, hour: int) -> str:
        """Say "четырнадцать"."""
        return self.cardinal(hour)

    def full(self, hour: int) -> str:
        """Say "девять часов"."""
        return f"{self.cardinal(hour)} {self.form('час/часа/часов', str(hour))}"

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """See `Verbalizer.time`."""
        if not minute:
            return self.full(hour)
        return f"{self.cardinal(hour)} {'ноль ' if minute < 10 else ''}{self.cardinal(minute)}"

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return FEMININE if noun.endswith(("а", "я")) else MASCULINE

    def governed(self, before: str, noun: str) -> Verbalizer:
        """See `Verbalizer.governed`."""
        case = _case_of_counted(before.lower(), noun)
        return self if case is None else _in_case(case)

    def placed(self, number: int, before: str, noun: str) -> str | None:
        """Say "с седьмого пути", "на третьем этаже": what counts above one has its noun in the plural."""
        if number in YEARS and len(noun) <= PREPOSITION:
            ending = {"в": "м", "по": "й", "к": "му"}.get(before.lower(), "го")
            known = before.lower() in {"в", "по", "к", "до", "от", "с"}
            return self.inflected(number, ending) if known else None
        found = _MAY_BE_PLACE.match(noun)
        case = _CASES.get(before.lower())
        if found is None or (_is_one(number) and noun.startswith(_DURATIONS)):
            return None
        if before.lower() in {"в", "во", "на", "о", "об", "при"} and noun.endswith(("е", "и", "у")):
            accusative = found["f"] and noun.endswith("у")
            return self.inflected(number, "ю" if accusative else "ей" if found["f"] else "м")
        if case == GENITIVE and noun.endswith(("а", "я", "ы", "и")):
            return self.inflected(number, "ей" if found["f"] else "го")
        if case == DATIVE and noun.endswith(("у", "ю", "е", "и")):
            return self.inflected(number, "ей" if found["f"] else "му")
        return None

    def abbreviated(self, said: str, written: str, before: str, name: str, *, chained: bool) -> str:
        """Say "согласно пункту", "на улице", "пункт три статьи пятнадцать"."""
        if said not in _DECLINED:
            return said
        before = before.lower()
        if chained and said in _OF_A_LAW:
            case: int | None = GENITIVE
        elif chained:
            return said
        elif before in {"в", "во", "на"}:
            case = LOCATIVE
        else:
            case = DATIVE if before == "по" else _CASES.get(before)
        if before in {"с", "со"} and name.endswith(("ым", "им", "ом", "ем", "ой", "ей")):
            case = INSTRUMENTAL
        return said if case is None else _DECLINED[said].split("/")[case]

    def form(self, forms: str, number: str) -> str:
        """See `Verbalizer.form`; the last of four is what "half" counts where that is no "two"."""
        choices = forms.split("/")
        few = len(choices) == 3 and not number.isdigit()
        return choices[1] if few else super().form(forms, number)

    def half_of(self, noun: str) -> str | None:
        """Say "пол литра"."""
        return "пол"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "одна вторая", "три четвёртых"."""
        return self.join(
            self.cardinal(numerator, FEMININE),
            self.inflected(denominator, "я" if _is_one(numerator) else "х"),
        )


class _InCase(InCase, Russian):
    """See `InCase`."""

    named_by, halved = "1", "0,5"
    feminines = ("ы", "и", "й")

    def declined(self, number: int, gender: str) -> str:
        """See `InCase.declined`."""
        return _declined(number, _LETTERS[self.case], gender)

    def plural(self, noun: str, one: str) -> str:
        """See `InCase.plural`."""
        adjective = ("", "ым", "", "ыми", "ых")[self.case]
        words = one.split(" ")
        for index, word in enumerate(words):
            if word.endswith(("ый", "ая", "ой")) and len(words) > index + 1:
                words[index] = f"{word[:-2]}{adjective}"
                continue
            soft = word.endswith(("я", "ь", "й"))
            stem = word[:-1] if word.endswith(("а", "о")) or soft else word
            words[index] = f"{stem}{(_SOFT_PLURALS if soft else _PLURALS)[self.case]}"
            break
        return " ".join(words)


@cache
def _datives() -> dict[str, str]:
    """Decline the words that times of day are made of."""
    plain = Russian()
    numbers = {
        plain.cardinal(number): _declined(number, "d", MASCULINE) for number in (*range(21), 30, 40, 50)
    }
    return numbers | {"час": "часу", "часа": "часам", "часов": "часам"}


@cache
def _in_case(case: int) -> _InCase:
    return _InCase(Russian(), case)


@lru_cache(2048)
def _declined(number: int, case: str, gender: str) -> str:
    said = str(num2words(number, lang="ru", case=case, gender=gender))
    return re.sub("^одно(?:й|му|м|го) (?=тысяч)", "", said)


def _case_of_counted(before: str, noun: str) -> int | None:
    """Tell the case of a number by the noun that it counts, else by the preposition before it."""
    for ending, case in _NOUN_ENDINGS.items():
        if noun.endswith(ending) and noun not in _NO_NOUNS:
            return case
    return case_before(_CASES.get(before), noun, ("ми",))


def _tens(word: str) -> str:
    return f"{word[: -len('десят')].removesuffix('ь')}идесяти" if word.endswith("десят") else word


def _is_one(number: int) -> bool:
    return number % 10 == 1 and number % 100 != 11
