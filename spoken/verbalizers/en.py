"""English, as in the USA."""

from spoken.verbalizer import MASCULINE, Verbalizer

_AFTER_YEARS = frozenset(
    [
        "in",
        "since",
        "by",
        "from",
        "of",
        "until",
        "till",
        "before",
        "after",
        "during",
        "year",
        "circa",
        "late",
        "early",
        "mid",
        "spring",
        "summer",
        "autumn",
        "fall",
        "winter",
        "and",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ]
)
_RULERS = frozenset(
    [
        "Alexander",
        "Benedict",
        "Catherine",
        "Charles",
        "Clement",
        "Edward",
        "Elizabeth",
        "Francis",
        "Frederick",
        "George",
        "Gregory",
        "Gustav",
        "Henry",
        "Innocent",
        "Ivan",
        "James",
        "John",
        "Leo",
        "Leopold",
        "Louis",
        "Mary",
        "Mehmed",
        "Murad",
        "Napoleon",
        "Nicholas",
        "Paul",
        "Peter",
        "Philip",
        "Pius",
        "Rama",
        "Ramesses",
        "Richard",
        "Robert",
        "Suleiman",
        "Umberto",
        "Urban",
        "Victor",
        "Wilhelm",
        "William",
        "Xerxes",
    ]
)
_CENTURY = 100
_OH = 10


class English(Verbalizer):
    """See `Verbalizer`."""

    language = "en"
    regions = ("US", "GB", "IN", "AU")
    before_dates = frozenset(["on", "by", "until", "till", "since", "due"])
    decimal, groups = ".", ","
    marks = ("point", "comma")
    to, minus, number, per = "to", "minus", "number", "per"
    percent = "percent"
    month_first = True
    rulers = _RULERS
    fraction_by_digits = True
    between_cents = " and "
    currencies = {
        "$": "dollar/dollars", "€": "euro/euros", "£": "pound/pounds", "¥": "yen", "₹": "rupee/rupees",
        "₽": "ruble/rubles", "₩": "won", "₺": "lira", "₿": "bitcoin", "sat": "sat/sats", "R$": "real/reais",
        "zł": "zloty/zlotys", "Kč": "koruna/korunas", "Ft": "forint/forints", "C$": "Canadian dollar/Canadian dollars",
        "A$": "Australian dollar/Australian dollars", "HK$": "Hong Kong dollar/Hong Kong dollars",
    }  # fmt: skip
    cents = {
        "$": "cent/cents", "€": "cent/cents", "£": "pence", "CAD": "cent/cents", "AUD": "cent/cents",
        "NZD": "cent/cents", "HKD": "cent/cents", "CHF": "centime/centimes",
    }  # fmt: skip
    magnitudes = {
        "k": (3, "thousand"), "m": (6, "million"), "mn": (6, "million"), "mm": (6, "million"), "mio": (6, "million"),
        "million": (6, "million"), "mil": (6, "million"), "mln": (6, "million"), "bn": (9, "billion"), "b": (9, "billion"), "billion": (9, "billion"),
        "t": (12, "trillion"), "tn": (12, "trillion"), "trillion": (12, "trillion"), "thousand": (3, "thousand"),
    }  # fmt: skip
    abbreviations = {
        "ste.": "Suite",
        "mtg.": "meeting", "mkt.": "market", "pkg.": "package", "att.": "attendance", "tues.": "Tuesday", "thurs.": "Thursday", "weds.": "Wednesday",
        "ref.": "reference", "qty.": "quantity", "attn.": "attention", "req.": "required",
        "mr.": "Mister", "mrs.": "Missus", "ms.": "Miz", "dr.": "Doctor", "prof.": "Professor", "st.": "Saint",
        "jr.": "Junior", "sr.": "Senior", "vs.": "versus", "etc.": "et cetera", "e.g.": "for example",
        "i.e.": "that is", "approx.": "approximately", "vol.": "volume", "vols.": "volumes", "p.": "page",
        "pp.": "pages", "fig.": "figure", "figs.": "figures", "no.": "number", "nos.": "numbers", "ch.": "chapter",
        "sec.": "section", "ed.": "edition", "eds.": "editors", "dept.": "department", "est.": "established",
        "inc.": "incorporated", "ltd.": "limited", "co.": "company", "corp.": "corporation", "ave.": "Avenue",
        "blvd.": "Boulevard", "rd.": "Road", "mt.": "Mount", "ft.": "feet", "gen.": "General", "col.": "Colonel",
        "sgt.": "Sergeant", "capt.": "Captain", "lt.": "Lieutenant", "gov.": "Governor", "sen.": "Senator",
        "rep.": "Representative", "rev.": "Reverend", "ph.d.": "P H D", "hon.": "Honorable", "jan.": "January", "feb.": "February",
        "mar.": "March", "apr.": "April", "jun.": "June", "jul.": "July", "aug.": "August", "sep.": "September",
        "sept.": "September", "oct.": "October", "nov.": "November", "dec.": "December", "mon.": "Monday",
        "tue.": "Tuesday", "wed.": "Wednesday", "thu.": "Thursday", "fri.": "Friday", "cf.": "compare",
        "et al.": "and others", "tel.": "telephone", "ext.": "extension", "min.": "minutes", "max.": "maximum",
        "avg.": "average", "incl.": "including", "w/o": "without", "w/": "with", "misc.": "miscellaneous", "ca.": "circa", "esp.": "especially",
        "sq. ft.": "square feet", "sq.": "square", "rm.": "Room", "appt.": "appointment", "apt.": "Apartment", "bldg.": "Building", "hwy.": "Highway", "pkwy.": "Parkway",
        "yoy": "year over year", "qoq": "quarter over quarter", "idk": "I don't know", "tbh": "to be honest",
        "brb": "be right back", "btw": "by the way", "thx": "thanks", "pls": "please", "plz": "please", "omw": "on my way",
        "ttyl": "talk to you later", "imho": "in my humble opinion", "ikr": "I know, right", "bday": "birthday",
        "b/c": "because", "agg.": "aggregate",
    }  # fmt: skip
    units = {
        "mos": "=month/months",
        "BR": "=bedroom", "BA": "=bathroom", "bdrm": "=bedroom", "doz": "=dozen", "reb": "=rebound/rebounds",
        "ast": "=assist/assists", "qt": "volume-quart",
        "sq. ft": "area-square-foot", "sq.ft": "area-square-foot", "sq ft": "area-square-foot", "bps": "=basis point/basis points", "pts": "=point/points",
        "pp": "=percentage point/percentage points", "mins": "duration-minute", "secs": "duration-second",
        "tbsp": "volume-tablespoon", "tbsps": "volume-tablespoon", "tsp": "volume-teaspoon", "tsps": "volume-teaspoon",
        "yrs": "=year/years", "wks": "=week/weeks", "pcs": "=piece/pieces", "ppl": "=person/people",
    }  # fmt: skip
    ordinal_mark = r"(?:st|nd|rd|th)\b"
    each = {
        "doz": "per dozen", "pc": "each", "qt": "per quart",
        "mo": "per month", "yr": "per year", "wk": "per week", "pp": "per person", "pers": "per person", "ea": "each",
    }  # fmt: skip
    telephone = r"call|phone|tel|mobile|text|fax|dial|ring"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        return super().cardinal(number, gender).replace(" and ", " ").replace(",", "").replace("-", " ")

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        said = super().ordinal(number)
        return said.replace(" and ", " ").replace(",", "").replace("-", " ")

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Louis the fourteenth", "World War two"."""
        return f"the {self.ordinal(number)}" if before in _RULERS else self.cardinal(number)

    def day(self, number: int) -> str:
        """See `Verbalizer.day`."""
        return self.ordinal(number)

    def year(self, number: int) -> str:
        """Say "nineteen oh five", "two thousand seven", "twenty twenty four"."""
        century, rest = divmod(number, _CENTURY)
        if not 1100 <= number < 2100 or 2000 <= number < 2010:
            return self.cardinal(number)
        if not rest:
            return f"{self.cardinal(century)} hundred"
        return f"{self.cardinal(century)} {'oh ' if rest < _OH else ''}{self.cardinal(rest)}"

    def is_year(self, number: int, before: str, after: str) -> bool:
        """Tell whether four digits are a year: after a word that goes before one, or where nothing is counted."""
        if not 1100 <= number < 2100:
            return False
        return before.lower() in _AFTER_YEARS or (number >= 1900 and not after.endswith("s"))

    def decade(self, year: int) -> str | None:
        """Say "nineteen nineties"."""
        century, rest = divmod(year, _CENTURY)
        decade = self.cardinal(rest)
        tens = f"{decade[:-1]}ies" if decade.endswith("y") else "hundreds" if not rest else f"{decade}s"
        return f"{self.cardinal(century)} {tens}"

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "May third, twenty twenty four"."""
        said = f"{self.month(month)} {self.day(day)}"
        return f"{said}, {self.year(year)}" if year else said

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say "the third of April", "April third" as it is written."""
        article = "" if before.lower() == "the" else "the "
        return f"{article}{self.ordinal(day)} of {month}{f', {self.year(year)}' if year else ''}"

    def time(self, hour: int, minute: int, *, named: bool) -> str:
        """Say "nine thirty", "nine oh five", "nine o'clock"."""
        if not minute:
            return self.cardinal(hour) if named else f"{self.cardinal(hour)} o'clock"
        return f"{self.cardinal(hour)} {'oh ' if minute < _OH else ''}{self.cardinal(minute)}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "one half", "three quarters", "two thirds"."""
        name = {2: "half", 4: "quarter"}.get(denominator) or self.ordinal(denominator)
        many = "" if numerator == 1 else "s"
        name = "halves" if many and denominator == 2 else name + many
        return f"{self.cardinal(numerator)} {name}"
