"""German."""

import re

from spoken.verbalizer import FEMININE, MASCULINE, Verbalizer

_FEMININE = frozenset(
    [
        "Lira",
        "Rupie",
        "Million",
        "Milliarde",
        "Billion",
        "Sekunde",
        "Minute",
        "Stunde",
        "Meile",
        "Tonne",
        "Unze",
        "Krone",
        "Kalorie",
        "Kilokalorie",
        "Kilowattstunde",
        "Seemeile",
        "Gallone",
    ]
)
_WEAK = frozenset(
    [
        "am",
        "im",
        "dem",
        "den",
        "des",
        "vom",
        "zum",
        "zur",
        "beim",
        "der",
        "einem",
        "einen",
        "dieser",
        "diesem",
        "diesen",
        "seinem",
        "ihrem",
        "jeden",
    ]
)
_DETERMINERS = _WEAK | {
    "auf",
    "in",
    "mit",
    "nach",
    "vor",
    "das",
    "die",
    "ein",
    "eine",
    "jede",
    "jeder",
    "jedes",
    "mein",
    "meine",
    "sein",
    "seine",
    "unser",
}
# After "der" a plural, or what is feminine and no nominative.
_AFTER_DATIVE = ("en", "e", "ung", "heit", "keit", "schaft", "ion", "tät")
_DAY_AFTER = frozenset(["am", "vom", "zum", "der", "den", "dem"])  # where nothing follows
_YEAR_AFTER = frozenset(
    ["im", "in", "seit", "jahr", "jahre", "jahren", "jahres", "von", "bis", "ab", "um", "anno", "vor", "nach"]
)

_RULERS = frozenset(
    [
        "Albrecht",
        "Alexander",
        "Benedikt",
        "Elisabeth",
        "Ferdinand",
        "Franz",
        "Friedrich",
        "Georg",
        "Heinrich",
        "Johannes",
        "Joseph",
        "Karl",
        "Katharina",
        "Konrad",
        "Leopold",
        "Ludwig",
        "Maximilian",
        "Napoleon",
        "Nikolaus",
        "Otto",
        "Paul",
        "Peter",
        "Philipp",
        "Pius",
        "Rudolf",
        "Wilhelm",
    ]
)

RANKED = {
    **dict.fromkeys(
        ["Advent", "Akt", "Platz", "Preis", "Rang", "Satz", "Spieltag", "Stock", "Teil", "Tag", "Weltkrieg"],
        "r",
    ),
    **dict.fromkeys(
        [
            "Halbjahr",
            "Jahrhundert",
            "Kapitel",
            "Lebensjahr",
            "Mal",
            "OG",
            "Obergeschoss",
            "Quartal",
            "Semester",
            "UG",
        ],
        "s",
    ),
    **dict.fromkeys(
        [
            "Auflage",
            "Bundesliga",
            "Etage",
            "Etappe",
            "Hälfte",
            "Klasse",
            "Liga",
            "Reihe",
            "Runde",
            "Strophe",
            "Woche",
        ],
        "",
    ),
}
"""What is numbered by an ordinal, and the ending of that without an article."""


class German(Verbalizer):
    """See `Verbalizer`."""

    language = "de"
    regions = ("DE", "AT", "CH")
    groups = ". '"
    marks = ("Punkt", "Komma")
    to, minus, number, per = "bis", "minus", "Nummer", "pro"
    percent = "Prozent"
    fraction_by_digits = True
    full_hour = "{hour} Uhr"
    hour_minute = "{hour} Uhr {minute}"
    hour_word = "Uhr"
    currencies = {
        "$": "Dollar", "€": "Euro", "£": "Pfund", "¥": "Yen", "₹": "Rupie/Rupien", "₽": "Rubel", "₩": "Won",
        "₺": "Lira", "₿": "Bitcoin", "sat": "Satoshi", "R$": "Real", "zł": "Zloty", "Kč": "Krone/Kronen",
        "Ft": "Forint", "CHF": "Franken", "Fr.": "Franken",
    }  # fmt: skip
    magnitudes = {
        "tsd": (3, "tausend"), "tausend": (3, "tausend"), "mio": (6, "Million/Millionen"),
        "million": (6, "Million/Millionen"), "millionen": (6, "Million/Millionen"),
        "mrd": (9, "Milliarde/Milliarden"), "milliarde": (9, "Milliarde/Milliarden"),
        "milliarden": (9, "Milliarde/Milliarden"), "bio": (12, "Billion/Billionen"), "k": (3, "tausend"),
    }  # fmt: skip
    abbreviations = {
        "re.": "rechts", "li.": "links",
        "wfl.": "Wohnfläche", "nfl.": "Nutzfläche", "grdst.": "Grundstück", "zw.": "zwischen", "möbl.": "möbliert", "marktkap.": "Marktkapitalisierung",
        "fam.": "Familie", "kl.": "Klasse", "tägl.": "täglich", "mtl.": "monatlich", "vorm.": "vormittags", "nachm.": "nachmittags",
        "zuz.": "zuzüglich", "whgen.": "Wohnungen", "raumnr.": "Raumnummer", "tel.-nr.": "Telefonnummer",
        "z. B.": "zum Beispiel", "d. h.": "das heißt", "u.": "und", "u. a.": "unter anderem", "i. d. R.": "in der Regel",
        "o. ä.": "oder ähnliches", "u. U.": "unter Umständen", "v. a.": "vor allem", "z. T.": "zum Teil",
        "s. o.": "siehe oben", "s. u.": "siehe unten", "n. Chr.": "nach Christus", "v. Chr.": "vor Christus",
        "bzw.": "beziehungsweise", "ca.": "circa", "nr.": "Nummer", "usw.": "und so weiter", "dr.": "Doktor",
        "prof.": "Professor", "hr.": "Herr", "fr.": "Frau", "str.": "Straße", "tel.": "Telefon", "evtl.": "eventuell",
        "ggf.": "gegebenenfalls", "inkl.": "inklusive", "exkl.": "exklusive", "zzgl.": "zuzüglich", "max.": "maximal",
        "min.": "mindestens", "mind.": "mindestens", "vgl.": "vergleiche", "bspw.": "beispielsweise",
        "sog.": "sogenannte", "s.": "Seite", "abb.": "Abbildung", "bd.": "Band", "kap.": "Kapitel", "abs.": "Absatz",
        "art.": "Artikel", "st.": "Sankt", "etc.": "et cetera", "geb.": "geboren", "gest.": "gestorben",
        "jh.": "Jahrhundert", "jan.": "Januar", "feb.": "Februar", "apr.": "April", "aug.": "August",
        "sept.": "September", "okt.": "Oktober", "nov.": "November", "dez.": "Dezember", "mio.": "Millionen",
        "mrd.": "Milliarden", "tsd.": "tausend", "std.": "Stunden", "allg.": "allgemein", "ing.": "Ingenieur",
        "mwst.": "Mehrwertsteuer", "ff.": "und folgende", "dr. med.": "Doktor med", "stk.": "Stück", "pers.": "Personen",
        "bj.": "Baujahr", "zi.": "Zimmer", "z. Hd.": "zu Händen", "dipl.": "Diplom", "hbf.": "Hauptbahnhof", "pl.": "Platz", "zz.": "zurzeit",
        "whg.": "Wohnung", "mfg": "mit freundlichen Grüßen", "glg": "ganz liebe Grüße", "vllt": "vielleicht", "vlt": "vielleicht",
        "bzgl.": "bezüglich", "wg.": "wegen", "ggü.": "gegenüber", "gem.": "gemäß", "lt.": "laut", "versch.": "verschiedene",
    }  # fmt: skip
    dots_ordinals = True
    rulers = _RULERS | {f"{ruler}s" for ruler in _RULERS}
    units = {
        "Std": "duration-hour",
        "Min": "duration-minute",
        "Sek": "duration-second",
        "qm": "area-square-meter",
        "EL": "volume-tablespoon", "TL": "volume-teaspoon", "Pck": "=Päckchen", "Pkg": "=Packung/Packungen",
        "Msp": "=Messerspitze/Messerspitzen", "Stk": "=Stück", "Pers": "=Person/Personen",
    }  # fmt: skip
    ordinal_mark = r"\.(?= [^\W\d_]|$)"
    suffixes = {"str.": "straße"}
    each = {
        "Mon": "pro Monat", "Mt": "pro Monat", "Std": "pro Stunde", "Pers": "pro Person", "Stk": "pro Stück",
    }  # fmt: skip
    telephone = r"tel|telefon|handy|mobil|fax|ruf|anruf|nummer"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = re.sub("^ein(hundert|tausend)", r"\1", super().cardinal(number))
        if said.endswith("eins") and gender != "eins":
            said = f"{said[:-1]}e" if gender == FEMININE else said
        return said.replace("Millionen ", "Millionen ")

    def counted(self, number: int, following: str) -> str:
        """Say "ein Euro", "eine Million"."""
        said = self.cardinal(number)
        if said == "eins" and following[:1].isupper():
            return "eine" if following.endswith(("e", "ion", "ung", "heit", "keit")) else "ein"
        return said

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """See `Verbalizer.amount`."""
        said = super().amount(number, forms, scale=scale)
        return re.sub(r"^eins (?=\w)", "ein ", said)

    def unit(self, number: str, name: str, said: str) -> str:
        """See `Verbalizer.unit`."""
        return re.sub(r"^eins (?=\w)", "ein ", super().unit(number, name, said))

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        return super().ordinal(number).replace("ein" + "hundert", "hundert")

    def ordinal_before(self, number: int, before: str, following: str) -> str:
        """Say "der dritte", "am dritten"."""
        if not following and before.lower() not in _DAY_AFTER:
            return f"{self.year(number) if self.is_year(number, before, '') else self.cardinal(number)}."
        said = self.ordinal(number)
        if following in RANKED and (
            not before or (before[0].isupper() and before.lower() not in _DETERMINERS)
        ):
            return f"{said}{RANKED[following]}"
        weak = before.lower() in _WEAK - {"der"} or (
            before.lower() == "der" and following.endswith(_AFTER_DATIVE)
        )
        return f"{said}n" if weak else said

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Ludwig der vierzehnte", "im zweiten Weltkrieg", "Teil zwei"."""
        if not dotted and before not in self.rulers:
            return self.cardinal(number)
        if before[:1].isupper() and before.lower() not in _WEAK:
            genitive = before in self.rulers - _RULERS
            return f"des {self.ordinal(number)}n" if genitive else f"der {self.ordinal(number)}"
        return self.ordinal_before(number, before, after) if after else self.ordinal(number)

    def day(self, number: int) -> str:
        """Say "dritten"."""
        return f"{self.ordinal(number)}n"

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "dritten zehnten zweitausendvierundzwanzig"."""
        return self.join(self.day(day), self.day(month), self.year(year) if year else "")

    def year(self, number: int) -> str:
        """Say "neunzehnhundertvierundachtzig"."""
        hundreds, rest = divmod(number, 100)
        if not 1100 <= number < 2000:
            return self.cardinal(number)
        return f"{self.cardinal(hundreds)}hundert{self.cardinal(rest) if rest else ''}"

    def is_year(self, number: int, before: str, after: str) -> bool:
        """Tell whether four digits are a year."""
        return 1100 <= number < 2000 and (before.lower() in _YEAR_AFTER or not after)

    def decade(self, year: int) -> str | None:
        """Say "neunzehnhundertneunziger"."""
        return f"{self.year(year)}er"

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say "dritter Oktober", "am dritten Oktober"."""
        weak = before.lower() in _WEAK - {"der"} | {"ab", "bis", "seit", "und"}
        said = (
            self.day(day)
            if weak
            else self.ordinal(day)
            if before.lower() == "der"
            else f"{self.ordinal(day)}r"
        )
        return self.join(said, month, self.year(year) if year else "")

    def hour(self, hour: int) -> str:
        """Say "ein Uhr"."""
        return "ein" if hour == 1 else self.cardinal(hour)

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return FEMININE if noun in _FEMININE else MASCULINE

    def half_of(self, noun: str) -> str | None:
        """Say "ein halbes Päckchen", "ein halber Liter", "eine halbe Minute"."""
        if noun.endswith("chen"):
            return "ein halbes"
        if noun in {"Liter", "Meter", "Kilometer", "Zentimeter", "Milliliter", "Deziliter"}:
            return "ein halber"
        feminine = noun.endswith(("e", "ung")) and noun[:1].isupper()
        return "eine halbe" if feminine else None

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "ein halb", "drei Viertel"."""
        if denominator == 2:
            name = "halb" if numerator == 1 else "Halbe"
        else:
            name = f"{self.ordinal(denominator)[:-2].removesuffix('s').title()}tel"
        return f"{'ein' if numerator == 1 else self.cardinal(numerator)} {name}"
