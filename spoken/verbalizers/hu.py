"""Hungarian."""

from spoken.verbalizer import MASCULINE, Verbalizer, listed

# Numbers before a suffix that begins with a vowel: "hármas", "kettes".
_CHANGED = {
    "kettő": "kett", "három": "hárm", "hét": "het", "ezer": "ezr", "húsz": "húsz",
}  # fmt: skip
_LINKED = frozenset({"as", "es", "os", "ös", "at", "et", "ot", "öt"})
_BACK = frozenset("aáoóuú")


class Hungarian(Verbalizer):
    """See `Verbalizer`."""

    language = "hu"
    regions = ("HU",)
    marks = ("pont", "egész")
    to, minus, number, per = "-", "mínusz", "szám", "per"
    percent = "százalék"
    hour_minute = "{hour} óra {minute}"
    full_hour = "{hour} óra"
    currencies = {
        "$": "dollár", "€": "euró", "£": "font", "¥": "jen", "₹": "rúpia", "₽": "rubel", "₩": "von", "₺": "líra",
        "₿": "bitcoin", "sat": "satoshi", "R$": "reál", "zł": "zloty", "Kč": "korona", "Ft": "forint",
    }  # fmt: skip
    cents = {"€": "cent", "$": "cent", "£": "penny"}
    magnitudes = {
        "e": (3, "ezer"), "ezer": (3, "ezer"), "millió": (6, "millió"), "m": (6, "millió"), "mió": (6, "millió"),
        "milliárd": (9, "milliárd"), "mrd": (9, "milliárd"), "k": (3, "ezer"),
    }  # fmt: skip
    abbreviations = {
        "köt.": "kötet",
        "bp.": "Budapest", "lph.": "lépcsőház", "mell.": "mellék",
        "pl.": "például", "stb.": "és a többi", "kb.": "körülbelül", "ill.": "illetve", "dr.": "doktor",
        "prof.": "professzor", "tel.": "telefon", "tel.:": "telefon", "u.": "utca", "ú.": "út", "krt.": "körút",
        "pu.": "pályaudvar", "old.": "oldal", "o.": "oldal", "ún.": "úgynevezett", "vö.": "vesd össze", "ld.": "lásd",
        "id.": "idősebb", "ifj.": "ifjabb", "özv.": "özvegy", "sz.": "szám", "max.": "maximum", "min.": "minimum",
        "évf.": "évfolyam", "fszt.": "földszint", "em.": "emelet", "ker.": "kerület", "ker": "kerület", "br.": "bruttó",
        "ft.": "forint", "jan.": "január", "febr.": "február", "feb.": "február", "márc.": "március", "ápr.": "április",
        "máj.": "május", "jún.": "június", "júl.": "július", "aug.": "augusztus", "szept.": "szeptember",
        "okt.": "október", "nov.": "november", "dec.": "december", "i. e.": "időszámításunk előtt",
        "i. sz.": "időszámításunk szerint", "kr. e.": "Krisztus előtt", "kr. u.": "Krisztus után", "szül.": "született",
        "vmint": "valamint", "db": "darab", "db.": "darab", "p.": "perc", "fej.": "fejezet", "ábr.": "ábra",
        "tkp.": "tulajdonképpen", "megj.": "megjegyzés", "gk.": "gépkocsi", "rkp.": "rakpart", "mrd.": "milliárd",
        "bek.": "bekezdés", "vok": "vagyok", "sztem": "szerintem", "vki": "valaki", "ek.": "evőkanál", "tk.": "teáskanál",
        "hsz.": "házszám",
    }  # fmt: skip
    units = {
        "ek": "=evőkanál", "tk": "=teáskanál", "kk": "=kávéskanál", "dkg": "=deka", "db": "=darab",
    }  # fmt: skip
    dots_ordinals = True
    regnal = listed(
        "András Béla Endre Erzsébet Ferdinánd Ferenc Frigyes Fülöp Géza György Henrik István Jakab János József Károly Katalin Lajos"
        " László Lipót Mátyás Miklós Napóleon Ottó Pál Péter Rákóczi Sándor Szulejmán Ulászló Vilmos"
    )
    ordinal_mark = r"\.(?= [a-záéíóöőúüű](?:[a-záéíóöőúüű]|-[bnr]))"
    each = {
        "hó": "havonta", "hónap": "havonta", "fő": "fejenként", "db": "darabonként", "nap": "naponta", "éj": "éjszakánként", "év": "évente", "óra": "óránként",
    }  # fmt: skip
    telephone = r"tel|telefon|hív|mobil|fax|szám"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        return super().cardinal(number)

    def counted(self, number: int, following: str) -> str:
        """Say "két" before what is counted."""
        said = self.cardinal(number)
        return f"{said[:-5]}két" if said.endswith("kettő") and following[:1].islower() else said

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """See `Verbalizer.amount`."""
        return super().amount(number, forms, scale=scale).replace("kettő ", "két ")

    def suffixed(self, word: str, suffix: str) -> str:
        """Put a suffix to a word, as speech does: "hármas", "százalékkal"."""
        for ending, stem in _CHANGED.items():
            if suffix in _LINKED and word.endswith(ending):
                return f"{word[: -len(ending)]}{stem}{suffix}"
        return f"{word}{suffix}"

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "második Rákóczi"."""
        return self.ordinal(number) if dotted else self.cardinal(number)

    def unit(self, number: str, name: str, said: str) -> str:
        """See `Verbalizer.unit`."""
        said = super().unit(number, name, said)
        return said if "egész" in said else said.replace("kettő ", "két ")

    def hundredths(self, number: str, said: str) -> str:
        """Say "tizenkét százalék"."""
        return super().hundredths(number, f"{said[:-5]}két" if said.endswith("kettő") else said)

    def decimal_number(self, whole: str, mark: str, fraction: str, gender: str = MASCULINE) -> str:
        """Say "két egész öt tized"."""
        part = {1: "tized", 2: "század", 3: "ezred"}.get(len(fraction))
        if mark == "." or part is None:
            return super().decimal_number(whole, mark, fraction, gender)
        return f"{self.counted(int(whole), 'egész')} egész {self.counted(int(fraction), part)} {part}"

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "kétezer-huszonnégy április harmadika"."""
        ordinal = self.ordinal(day)
        said = "elseje" if day == 1 else f"{ordinal}{'a' if _is_back(ordinal) else 'e'}"
        return self.join(self.cardinal(year) if year else "", self.month(month), said)

    def date_with(self, year: int | None, month: int, day: int, suffix: str) -> str:
        """Say a date with the suffix that is written after its day: "harmadikán"."""
        said = "elsej" if day == 1 else self.ordinal(day)
        suffix = suffix.removeprefix("j") if day == 1 else suffix
        if suffix[:1] not in "aáeé":
            suffix = ("á" if _is_back(said) else "é") + suffix
        return self.join(self.cardinal(year) if year else "", self.month(month), f"{said}{suffix}")

    def minute(self, minute: int) -> str:
        """See `Verbalizer.minute`."""
        return self.cardinal(minute)

    def hour(self, hour: int) -> str:
        """See `Verbalizer.hour`."""
        return self.counted(hour, "óra")

    def half_of(self, noun: str) -> str | None:
        """Say "fél liter"."""
        return "fél"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "egy fél", "három negyed"."""
        names = {
            2: "fél",
            3: "harmad",
            4: "negyed",
            5: "ötöd",
            6: "hatod",
            8: "nyolcad",
            10: "tized",
            100: "század",
        }
        if denominator not in names:
            return None
        return f"{self.counted(numerator, 'x')} {names[denominator]}"

    def spoken_range(self, first: str, last: str) -> str:
        """Say "tíz-tizenkét"."""
        return f"{first} {last}"


def _is_back(word: str) -> bool:
    vowels = [letter for letter in word.lower() if letter in "aáoóuúeéiíöőüű"]
    last = next((vowel for vowel in reversed(vowels) if vowel not in "ií"), "e")
    return last in _BACK
