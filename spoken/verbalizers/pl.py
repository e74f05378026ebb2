"""Polish."""

import re

from spoken.verbalizer import FEMININE, MASCULINE, NEUTER, Verbalizer, listed

_LOCATIVE = frozenset(["w", "we", "na", "po", "o", "przy"])
_GENITIVE = frozenset(["od", "do", "z", "ze", "dla", "bez", "około", "dnia"])
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
_QUEENS = ("Ann", "Elżbie", "Katarzyn", "Mari", "Wiktori")


class Polish(Verbalizer):
    """See `Verbalizer`."""

    language = "pl"
    regions = ("PL",)
    parts_decline = True
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
        "spk": "spoko", "zw": "zaraz wracam",
    }  # fmt: skip
    units = {
        "szt": "=sztuka/sztuki/sztuk/sztuki", "os": "=osoba/osoby/osób/osoby", "godz": "duration-hour", "min": "duration-minute",
        "pkt": "=punkt/punkty/punktów/punktu", "p.p": "=punkt procentowy/punkty procentowe/punktów procentowych/punktu procentowego",
        "pp": "=punkt procentowy/punkty procentowe/punktów procentowych/punktu procentowego",
        "mies": "=miesiąc/miesiące/miesięcy/miesiąca", "tyg": "=tydzień/tygodnie/tygodni/tygodnia",
        "opak": "=opakowanie/opakowania/opakowań/opakowania",
    }  # fmt: skip
    ordinal_mark = r"\.(?= [a-ząćęłńóśźż]{2})|-(?:(?P<f>a|ej|ą)|szy|gi|ci|ty|my|go|e|sze)\b"
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
            return self.cardinal(1, self.gender_of(following))
        return self.cardinal(number, FEMININE if following in _PAIRS else MASCULINE)

    def fraction(self, digits: str) -> str:
        """See `Verbalizer.fraction`."""
        return super().fraction(digits)

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
