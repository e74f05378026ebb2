"""Polish."""

import re
from functools import cache

from spoken.cases import (
    ACCUSATIVE,
    DATIVE,
    GENITIVE,
    INSTRUMENTAL,
    LOCATIVE,
    PREPOSITION,
    YEARS,
    InCase,
    case_before,
)
from spoken.verbalizer import FEMININE, MASCULINE, NEUTER, Verbalizer, listed

_LOCATIVE = frozenset(["w", "we", "na", "po", "o", "przy"])
_GENITIVE = frozenset(
    [
        "bez", "ciągu", "dla", "do", "dnia", "koło", "mimo", "niedaleko", "obok", "od", "oprócz", "około", "podczas",
        "poniżej", "powyżej", "spośród", "trakcie", "u", "według", "wobec", "wśród", "z", "ze",
    ]
)  # fmt: skip
_CASES = {
    **dict.fromkeys(_GENITIVE, GENITIVE), **dict.fromkeys(["przy"], LOCATIVE), **dict.fromkeys(["dzięki", "ku", "przeciwko"], DATIVE),
    **dict.fromkeys(["między", "nad", "pod", "pomiędzy", "przed"], INSTRUMENTAL),
}  # fmt: skip
"""What each preposition asks for that asks for one case."""
# What a noun in the plural tells, whatever stands before it.
_ENDINGS = {
    "ami": INSTRUMENTAL,
    "źmi": INSTRUMENTAL,
    "ćmi": INSTRUMENTAL,
    "ach": LOCATIVE,
    "niom": DATIVE,
    "obom": DATIVE,
}
# Numerals that are no -u in every case: genitive/dative/accusative/instrumental/locative.
_NUMERALS = {
    "zero": "zera/zeru/zero/zerem/zerze", "jeden": "jednego/jednemu/jeden/jednym/jednym", "jedna": "jednej/jednej/jedną/jedną/jednej",
    "jedno": "jednego/jednemu/jedno/jednym/jednym", "dwa": "dwóch/dwóm/dwa/dwoma/dwóch", "dwie": "dwóch/dwóm/dwie/dwiema/dwóch",
    "trzy": "trzech/trzem/trzy/trzema/trzech", "cztery": "czterech/czterem/cztery/czterema/czterech",
    "tysiąc": "tysiąca/tysiącowi/tysiąc/tysiącem/tysiącu", "tysiące": "tysięcy/tysiącom/tysiące/tysiącami/tysiącach",
    "milion": "miliona/milionowi/milion/milionem/milionie", "miliony": "milionów/milionom/miliony/milionami/milionach",
}  # fmt: skip
_ALL_CASES = {
    "siedem": "siedmiu", "osiem": "ośmiu", "sto": "stu", "dwieście": "dwustu", "trzysta": "trzystu", "czterysta": "czterystu",
    "dwadzieścia": "dwudziestu", "trzydzieści": "trzydziestu", "czterdzieści": "czterdziestu", "dwanaście": "dwunastu",
}  # fmt: skip
_PLURALS = ("", "om", "", "ami", "ach")
# What is abbreviated before a number or a name: genitive/dative/accusative/instrumental/locative.
_DECLINED = {
    "klasa": "klasy/klasie/klasę/klasą/klasie",
    "tom": "tomu/tomowi/tom/tomem/tomie",
    "wersja": "wersji/wersji/wersję/wersją/wersji",
    "pan": "pana/panu/pana/panem/panu", "doktor": "doktora/doktorowi/doktora/doktorem/doktorze",
    "profesor": "profesora/profesorowi/profesora/profesorem/profesorze", "inżynier": "inżyniera/inżynierowi/inżyniera/inżynierem/inżynierze",
    "magister": "magistra/magistrowi/magistra/magistrem/magistrze", "ksiądz": "księdza/księdzu/księdza/księdzem/księdzu",
    "generał": "generała/generałowi/generała/generałem/generale", "redaktor": "redaktora/redaktorowi/redaktora/redaktorem/redaktorze",
    "święty": "świętego/świętemu/świętego/świętym/świętym", "ulica": "ulicy/ulicy/ulicę/ulicą/ulicy", "aleja": "alei/alei/aleję/aleją/alei",
    "plac": "placu/placowi/plac/placem/placu", "osiedle": "osiedla/osiedlu/osiedle/osiedlem/osiedlu",
    "strona": "strony/stronie/stronę/stroną/stronie", "numer": "numeru/numerowi/numer/numerem/numerze",
    "rozdział": "rozdziału/rozdziałowi/rozdział/rozdziałem/rozdziale", "rysunek": "rysunku/rysunkowi/rysunek/rysunkiem/rysunku",
    "tabela": "tabeli/tabeli/tabelę/tabelą/tabeli", "artykuł": "artykułu/artykułowi/artykuł/artykułem/artykule",
    "ustęp": "ustępu/ustępowi/ustęp/ustępem/ustępie", "punkt": "punktu/punktowi/punkt/punktem/punkcie",
    "mieszkanie": "mieszkania/mieszkaniu/mieszkanie/mieszkaniem/mieszkaniu", "pokój": "pokoju/pokojowi/pokój/pokojem/pokoju",
    "gabinet": "gabinetu/gabinetowi/gabinet/gabinetem/gabinecie", "województwo": "województwa/województwu/województwo/województwem/województwie",
    "paragraf": "paragrafu/paragrafowi/paragraf/paragrafem/paragrafie", "telefon": "telefonu/telefonowi/telefon/telefonem/telefonie",
}  # fmt: skip
_WOMEN = frozenset({"pan", "doktor", "profesor", "inżynier", "magister", "generał", "redaktor"})
_FEMALE = ("ska", "cka", "dzka", "skiej", "ckiej", "dzkiej", "ą")
_PANI = "pani/pani/panią/panią/pani"
_NO_ORDINALS = frozenset({"trzy", "cztery", "pięćdziesiąt"})

_COUNTED = re.compile(
    "częś|faz|grup|kategori|klas|ksi[ęą]|lig|rp$|scen|sekcj|stref|wojn", re.IGNORECASE
)  # feminine
# What is feminine, as it stands after "dwie".
_PAIRS = listed(
    "akcje aplikacje babcie bramki bułki butelki bułeczki ceny cebule córki części cytryny dawki doby drogi"
    " drużyny dziewczyny dziewczynki edycje firmy garści gminy godziny gry grupy gruszki gwiazdki herbaty"
    " kaczki kanapki kapsułki karty kartki kategorie kawy klasy kobiety koleżanki koleje kolejki kostki"
    " książki krople kromki krowy kury lekcje linie łazienki łódki łyżeczki łyżki marchewki matki minuty myszy"
    " nagrody noce oferty ofiary opcje osoby owce paczki pary partie piosenki pizze płyty pomarańcze porcje"
    " próby propozycje puszki rolki rozmowy rundy ryby rzeczy sale sekundy siostry stacje strony sypialnie"
    " szanse szklanki sztuki tabletki torby torebki trasy ulice warstwy wersje wioski wiadomości wizyty wyspy"
    " zasady zmiany zupy żony"
)
# Endings of the ordinals before what is numbered, whatever goes before them.
_NUMBERED = {
    "urodziny": "e", "urodzin": "ych", "urodzinach": "ych", "urodzinom": "m", "imieniny": "e", "imienin": "ych",
    "rocznica": "a", "rocznicy": "ej", "rocznicę": "ą", "edycja": "a", "edycji": "ej", "edycję": "ą", "minuta": "a",
    "minuty": "ej", "minucie": "ej", "kolejka": "a", "kolejki": "ej", "kolejce": "ej", "rundy": "ej", "rundzie": "ej",
    "klasy": "ej", "klasie": "ej", "miejsca": "ego", "miejscu": "m", "piętra": "ego", "piętrze": "m", "dnia": "ego",
    "tygodnia": "ego", "miesiąca": "ego", "sezonu": "ego", "etapu": "ego", "odcinka": "ego", "rozdziału": "ego",
}  # fmt: skip
_ROOTS = (
    "bitow|bajtow|calow|cyfrow|częściow|dniow|drzwiow|godzinn|gwiazdk|krotn|kilometr|kilogram|let[nm]|lat[ek]|litrow|lecie|lecia|metrow|miejscow|miesięczn|minutow"
    "|osobow|piętrow|pokojow|procent|punktow|sekundow|stopniow|stronicow|tonow|tygodniow|wieczn|złot"
)
_COMPOUND = {
    "jeden": "jedno", "dwa": "dwu", "trzy": "trzy", "cztery": "cztero", "sto": "stu", "siedem": "siedmio", "osiem": "ośmio",
    "dwadzieścia": "dwudziesto", "trzydzieści": "trzydziesto", "czterdzieści": "czterdziesto", "dwanaście": "dwunasto",
}  # fmt: skip
_DAYS = 31  # of a month
_QUEENS = ("Ann", "Elżbie", "Katarzyn", "Mari", "Wiktori")


class Polish(Verbalizer):
    """See `Verbalizer`."""

    language = "pl"
    regions = ("PL",)
    parts_decline = True
    dots_dates = True
    attached = {
        "pok.": "pokojowe",
        "os.": "osobowy",
        "godz.": "godzinny",
        "min.": "minutowy",
        "mies.": "miesięczny",
    }
    compounds = re.compile(rf"(?<![\w.,])(\d{{1,3}})-(?={_ROOTS})")  # "5-letni"
    marks = ("kropka", "przecinek")
    to, minus, number, per = "do", "minus", "numer", "na"
    percent = "procent"
    plurals = {"one": 0, "few": 1, "many": 2, "other": 3}
    currencies = {
        "$": "dolar/dolary/dolarów/dolara", "€": "euro", "£": "funt/funty/funtów/funta",
        "¥": "jen/jeny/jenów/jena", "₹": "rupia/rupie/rupii/rupii", "₽": "rubel/ruble/rubli/rubla",
        "₩": "won/wony/wonów/wona", "₺": "lira/liry/lir/liry", "₿": "bitcoin/bitcoiny/bitcoinów/bitcoina",
        "sat": "satoshi", "R$": "real/reale/reali/reala", "zł": "złoty/złote/złotych/złotego",
        "Kč": "korona/korony/koron/korony", "Ft": "forint/forinty/forintów/forinta", "CHF": "frank/franki/franków/franka",
    }  # fmt: skip
    cents = {
        "zł": "grosz/grosze/groszy",
        "€": "cent/centy/centów",
        "$": "cent/centy/centów",
        "£": "pens/pensy/pensów",
    }
    magnitudes = {
        "tys": (3, "tysiąc/tysiące/tysięcy/tysiąca"), "mln": (6, "milion/miliony/milionów/miliona"),
        "mld": (9, "miliard/miliardy/miliardów/miliarda"), "bln": (12, "bilion/biliony/bilionów/biliona"),
        "k": (3, "tysiąc/tysiące/tysięcy/tysiąca"), "milion": (6, "milion"), "miliony": (6, "miliony"),
        "milionów": (6, "milionów"), "miliarda": (9, "miliarda"), "miliardy": (9, "miliardy"),
        "miliardów": (9, "miliardów"), "tysięcy": (3, "tysięcy"), "tysiące": (3, "tysiące"),
    }  # fmt: skip
    abbreviations = {
        "stycz.": "stycznia", "lut.": "lutego", "kwiet.": "kwietnia", "czerw.": "czerwca", "lip.": "lipca", "sierp.": "sierpnia", "wrześ.": "września",
        "paźdz.": "października", "list.": "listopada", "grudz.": "grudnia",
        "kl.": "klasa", "t.": "tom",
        "p.": "pan", "ul.": "ulica", "al.": "aleja", "pl.": "plac", "os.": "osiedle", "tel.": "telefon", "np.": "na przykład",
        "itd.": "i tak dalej", "itp.": "i tym podobne", "m.in.": "między innymi", "tzn.": "to znaczy",
        "tzw.": "tak zwany", "tj.": "to jest", "ok.": "około", "str.": "strona", "s.": "strona", "nr": "numer",
        "nr.": "numer", "dr": "doktor", "dr.": "doktor", "prof.": "profesor", "mgr": "magister", "inż.": "inżynier",
        "hab.": "habilitowany", "ks.": "ksiądz", "św.": "święty", "r.": "roku", "w.": "wiek", "godz.": "godzina", "o godz.": "o godzinie", "od godz.": "od godziny",
        "do godz.": "do godziny", "po godz.": "po godzinie", "przed godz.": "przed godziną",
        "min.": "minut", "sek.": "sekund", "rozdz.": "rozdział", "rys.": "rysunek", "tab.": "tabela", "art.": "artykuł",
        "ust.": "ustęp", "pkt": "punkt", "pkt.": "punkt", "m.": "mieszkanie", "woj.": "województwo", "im.": "imienia",
        "p.n.e.": "przed naszą erą", "n.e.": "naszej ery", "ds.": "do spraw", "ww.": "wyżej wymieniony",
        "por.": "porównaj", "maks.": "maksymalnie", "zob.": "zobacz", "wg": "według", "gen.": "generał",
        "red.": "redaktor", "jw.": "jak wyżej", "tys.": "tysięcy", "pt.": "pod tytułem", "poł.": "połowie", "pocz.": "początku", "ur.": "urodzony", "zm.": "zmarły",
        "pok.": "pokój", "mies.": "miesiąc", "nwm": "nie wiem", "wgl": "w ogóle", "pzdr": "pozdrawiam", "dzk": "dzięki",
        "spk": "spoko", "zw": "zaraz wracam", "gab.": "gabinet", "wew.": "wewnętrzny", "na os.": "na osobę", "za os.": "za osobę", "od os.": "od osoby",
    }  # fmt: skip
    units = {
        "pok": "=pokój/pokoje/pokoi/pokoju",
        "szt": "=sztuka/sztuki/sztuk/sztuki", "os": "=osoba/osoby/osób/osoby", "godz": "duration-hour", "min": "duration-minute",
        "pkt": "=punkt/punkty/punktów/punktu", "p.p": "=punkt procentowy/punkty procentowe/punktów procentowych/punktu procentowego",
        "pp": "=punkt procentowy/punkty procentowe/punktów procentowych/punktu procentowego",
        "mies": "=miesiąc/miesiące/miesięcy/miesiąca", "tyg": "=tydzień/tygodnie/tygodni/tygodnia",
        "opak": "=opakowanie/opakowania/opakowań/opakowania",
    }  # fmt: skip
    ordinal_mark = r"\.(?= (?:[a-ząćęłńóśźż]{2}|[ai] \d))|-(?:(?P<f>a|ej|ą)|szy|gi|ci|ty|my|go|e|sze)\b"
    each = {
        "mies": "miesięcznie", "miesiąc": "miesięcznie", "os": "za osobę", "osobę": "za osobę", "szt": "za sztukę", "godz": "za godzinę",
        "dzień": "dziennie", "rok": "rocznie", "noc": "za noc", "doba": "za dobę", "dobę": "za dobę",
    }  # fmt: skip
    telephone = r"tel|telefon|dzwoń|zadzwoń|kom|fax|faks|numer"
    titles = frozenset({"p."})
    hour_minute = "{hour} {minute}"
    years = r"rok|roku|r\."

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = super().cardinal(number)
        if gender == FEMININE:
            said = "jedna" if number == 1 else re.sub(r"\bdwa$", "dwie", said)
        return "jedno" if gender == NEUTER and number == 1 else said

    def counted(self, number: int, following: str) -> str:
        """Say "jedna" and the like before what is counted."""
        if number == 1 and following.islower():
            if following.endswith("ę"):
                return "jedną"
            return self.cardinal(1, self.gender_of(following))
        return self.cardinal(number, FEMININE if following in _PAIRS else MASCULINE)

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        return _inflected(self._place(number), {FEMININE: "a", NEUTER: "e"}.get(gender, ""))

    def ordinal_before(self, number: int, before: str, following: str) -> str:
        """Say it in the case that its preposition asks for."""
        if following in _NUMBERED:
            return _inflected(self._place(number), _NUMBERED[following])
        feminine = following.endswith(("a", "ą", "ę"))
        if before.lower() in _LOCATIVE:
            return _inflected(
                self._place(number),
                "ej" if following.endswith(("ie", "ce", "y")) and not following.endswith("rze") else "m",
            )
        if before.lower() in _GENITIVE:
            return _inflected(self._place(number), "ej" if following.endswith(("y", "i")) else "ego")
        return self.ordinal(
            number, FEMININE if feminine else NEUTER if following.endswith(("o", "e")) else MASCULINE
        )

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Jan Paweł drugi", "Jana Pawła drugiego", "druga wojna światowa", "część druga"."""
        numbered = before.lower() in _LOCATIVE | _GENITIVE or _COUNTED.match(before)
        if before[:1].isupper() and not numbered:
            if before.startswith(_QUEENS):
                return _inflected(self._place(number), "a" if before.endswith("a") else "ej")
            return _inflected(self._place(number), "ego" if before.endswith("a") else "")
        if after == "wieku" and before.lower() not in _LOCATIVE:
            return _inflected(self._place(number), "ego")
        if (
            after
            and not after[0].isupper()
            and (not before or before.lower() in _LOCATIVE | _GENITIVE | {"i", "a"})
        ):
            return self.ordinal_before(number, before, after)
        if before.endswith(("a", "ść")) or (_COUNTED.match(after) and after[0].isupper()):
            return self.ordinal(number, FEMININE)
        return self.ordinal_before(number, before, after) if after.islower() else self.ordinal(number)

    def compound(self, number: int) -> str:
        """Say "pięcio" as it begins "pięcioletni"."""
        words = [
            _COMPOUND.get(word)
            or re.sub(
                "naście$",
                "nasto",
                re.sub("dziesiąt$|(?<=.)ć$", lambda end: "dziesięcio" if len(end[0]) > 1 else "cio", word),
            )
            for word in self.cardinal(number).split(" ")
        ]
        return "".join(words)

    def century(self, number: int, before: str, *, plural: bool) -> str:
        """Say "dwudziestym pierwszym wieku", "dwudziesty wiek"."""
        if not before:
            return f"{self._place(number)} wiek"
        locative = before.lower() in _LOCATIVE
        return f"{_inflected(self._place(number), 'm' if locative else 'ego')} wieku"

    def _place(self, number: int) -> str:
        return super().ordinal(number) if number else "zerowy"

    def day(self, number: int) -> str:
        """Say "trzeciego"."""
        return _inflected(super().ordinal(number), "ego")

    def year(self, number: int) -> str:
        """Say "dwa tysiące dwudziestego czwartego"."""
        if number == 2000:
            return "dwutysięcznego"
        return _inflected(super().ordinal(number), "ego")

    def year_named(self, number: int, before: str, noun: str) -> str | None:
        """Say a year before "rok", "roku" or "r."."""
        if noun == "rok":
            return f"{super().ordinal(number)} rok"
        said = _inflected(super().ordinal(number), "m") if before.lower() in _LOCATIVE else self.year(number)
        return f"{said} roku"

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say "trzeciego kwietnia"."""
        return self.join(self.day(day), month, f"{self.year(year)} roku" if year else "")

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "trzeciego maja dwa tysiące dwudziestego czwartego roku"."""
        return self.join(self.day(day), self.month(month), f"{self.year(year)} roku" if year else "")

    def spoken_range(self, first: str, last: str) -> str:
        """Say "pięć-dziesięć", which no case changes."""
        return f"{first}-{last}"

    def day_after(self, before: str, name: str) -> str:
        """Say "w sobotę"."""
        return re.sub("a$", "ę", name) if before.lower() in {"w", "we", "na", "za"} else name

    def hour(self, hour: int) -> str:
        """Say "czternasta"."""
        return self.ordinal(hour, FEMININE) if hour else "zero"

    def time_after(self, before: str, said: str) -> str:
        """Say "o czternastej trzydzieści"."""
        if before.lower() in {"o", "od", "do", "po", "przed", "godzinie", "godziny"}:
            words = said.split(" ")
            return " ".join(
                f"{word[:-1]}ej" if word.endswith("a") and word not in {"dwa", "dwadzieścia"} else word
                for word in words
            )
        return said

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return (
            FEMININE
            if noun.endswith("a")
            else NEUTER
            if noun.endswith(("o", "e")) and noun != "euro"
            else MASCULINE
        )

    def placed(self, number: int, before: str, noun: str) -> str | None:
        """Say "od dwa tysiące piętnastego", "w dwa tysiące piętnastym", "dnia piątego"."""
        before = before.lower()
        if before == "dnia" and 1 <= number <= _DAYS:
            return self.day(number)
        if number not in YEARS or len(noun) > PREPOSITION:
            return None
        if before == "w":
            return _inflected(super().ordinal(number), "m")
        return self.year(number) if _CASES.get(before) == GENITIVE else None

    def governed(self, before: str, noun: str) -> Verbalizer:
        """See `Verbalizer.governed`."""
        case = _case_of_counted(before.lower(), noun)
        return self if case is None else _in_case(case)

    def abbreviated(self, said: str, written: str, before: str, name: str, *, chained: bool) -> str:
        """Say "z artykułu", "u doktora", "na ulicy"."""
        case = _case_of_named(before.lower(), name)
        if said not in _DECLINED or case is None:
            return said
        if said in _WOMEN and name.endswith(_FEMALE):
            return said
        return _DECLINED[said].split("/")[case]

    def titled(self, title: str, name: str) -> str:
        """Say "pani Kowalska"."""
        return "pani" if title == "pan" and name.endswith(_FEMALE) else title

    def half_of(self, noun: str) -> str | None:
        """Say "pół litra"."""
        return "pół"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "jedna druga", "trzy czwarte"."""
        if numerator == 1:
            return f"jedna {self.ordinal(denominator, FEMININE)}"
        few = 2 <= numerator % 10 <= 4 and not 12 <= numerator % 100 <= 14
        ending = "e" if few else "ych"
        return f"{self.cardinal(numerator, FEMININE)} {_inflected(super().ordinal(denominator), ending)}"


class _InCase(InCase, Polish):
    """See `InCase`."""

    named_by, halved = "2", "0,5"
    feminines = ("y", "i", "ie", "ce", "ą")

    def declined(self, number: int, gender: str) -> str:
        """See `InCase.declined`."""
        words = self._plain.cardinal(number, gender).split(" ")
        return " ".join(_numeral(word, self.case, alone=len(words) == 1) for word in words)

    def plural(self, noun: str, one: str) -> str:
        """See `InCase.plural`."""
        first, *rest = noun.split(" ")
        stem = first[:-1] if first[-1] in "aey" else first
        adjective = ("", "ym", "", "ymi", "ych")[self.case]
        others = (f"{word[:-1]}{adjective}" if word.endswith("we") else word for word in rest)
        return self.join(f"{stem}{_PLURALS[self.case]}", *others)


@cache
def _in_case(case: int) -> _InCase:
    return _InCase(Polish(), case)


def _numeral(word: str, case: int, *, alone: bool) -> str:
    if word == "jeden" and not alone:
        return word
    if word in _NUMERALS:
        return _NUMERALS[word].split("/")[case]
    if word in _ALL_CASES:
        return _ALL_CASES[word]
    for ending, declined in {"naście": "nastu", "dziesiąt": "dziesięciu", "set": "set", "ć": "ciu"}.items():
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            return f"{_numeral(stem, case, alone=True)}{declined}" if ending == "set" else f"{stem}{declined}"
    return word


def _case_of_counted(before: str, noun: str) -> int | None:
    """Tell the case of a number by the noun that it counts, else by the preposition before it."""
    for ending, case in _ENDINGS.items():
        if noun.endswith(ending) and noun not in {"nami", "sami", "wami"}:
            return case
    if noun.startswith(("temperature", "duration")) and before in {"w", "po"}:
        return LOCATIVE if noun.startswith("temperature") or before == "po" else None
    return case_before(_CASES.get(before), noun, ("y", "mi"))


def _case_of_named(before: str, name: str) -> int | None:
    """Tell the case of what has a number or a name by the preposition before it."""
    if before.endswith((" z", " ze")) or (before in {"z", "ze"} and name.endswith(("em", "im", "ym", "ą"))):
        return INSTRUMENTAL
    if before in _LOCATIVE:
        return ACCUSATIVE if name.endswith("ą") else LOCATIVE
    return DATIVE if name.endswith(("owi", "emu")) else _CASES.get(before)


def _inflected(said: str, ending: str) -> str:
    """Give the words of a masculine ordinal, of which the last two are inflected, an ending."""
    if not ending:
        return said
    words = said.split(" ")
    for index in range(max(0, len(words) - 2), len(words)):
        word = words[index]
        if word in _NO_ORDINALS or word[-1] not in "yi":
            continue
        stem, soft = word[:-1], word.endswith("i")
        if soft and not stem.endswith(("g", "k")):  # trzeci
            words[index] = {"m": f"{stem}im", "ych": f"{stem}ich"}.get(ending, f"{stem}i{ending}")
        elif soft:  # drugi
            words[index] = {"a": f"{stem}a", "m": f"{stem}im", "ych": f"{stem}ich"}.get(
                ending, f"{stem}i{ending}"
            )
        else:
            words[index] = stem + {"m": "ym"}.get(ending, ending)
    return " ".join(words)
