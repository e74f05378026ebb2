"""French."""

import re

from spoken.verbalizer import FEMININE, MASCULINE, Verbalizer

_FEMININE = frozenset(
    [
        "livre",
        "roupie",
        "lire",
        "couronne",
        "heure",
        "minute",
        "seconde",
        "tonne",
        "once",
        "calorie",
        "kilocalorie",
        "personne",
        "cuillère",
        "fois",
    ]
)


class French(Verbalizer):
    """See `Verbalizer`."""

    language = "fr"
    regions = ("FR", "BE", "CH", "CA")
    before_dates = frozenset(["le", "du", "au", "jusqu", "dès"])
    marks = ("point", "virgule")
    to, minus, number, per = "à", "moins", "numéro", "par"
    percent = "pour cent"
    hour_minute = "{hour} {minute}"
    currencies = {
        "$": "dollar/dollars", "€": "euro/euros", "£": "livre/livres", "¥": "yen/yens", "₹": "roupie/roupies",
        "₽": "rouble/roubles", "₩": "won/wons", "₺": "lire/lires", "₿": "bitcoin/bitcoins",
        "sat": "satoshi/satoshis", "R$": "réal/réaux", "zł": "zloty/zlotys", "Kč": "couronne/couronnes",
        "Ft": "forint/forints", "CHF": "franc/francs",
    }  # fmt: skip
    magnitudes = {
        "k": (3, "mille"), "mille": (3, "mille"), "m": (6, "million/millions"), "million": (6, "million/millions"),
        "millions": (6, "million/millions"), "mio": (6, "million/millions"), "md": (9, "milliard/milliards"),
        "mds": (9, "milliard/milliards"), "mrd": (9, "milliard/milliards"), "milliard": (9, "milliard/milliards"),
        "milliards": (9, "milliard/milliards"),
    }  # fmt: skip
    abbreviations = {
        "gche": "gauche", "dte": "droite",
        "suiv.": "suivantes", "ch.": "chambre",
        "anniv.": "anniversaire", "réf.": "référence", "appt.": "appartement", "app.": "appartement", "imm.": "immeuble", "rés.": "résidence",
        "esc.": "escalier", "qté": "quantité", "dispo.": "disponible",
        "drs": "docteurs",
        "m. et mme": "monsieur et madame", "ét.": "étage", "m.": "monsieur", "mm.": "messieurs", "mme": "madame", "mme.": "madame", "mmes": "mesdames",
        "mlle": "mademoiselle", "mlle.": "mademoiselle", "dr": "docteur", "dr.": "docteur", "pr": "professeur",
        "pr.": "professeur", "prof.": "professeur", "me": "maître", "av.": "avenue", "bd": "boulevard",
        "bd.": "boulevard", "pl.": "place", "etc.": "et cetera", "env.": "environ", "p. ex.": "par exemple",
        "ex.": "exemple", "c.-à-d.": "c'est-à-dire", "no.": "numéro", "p.": "page",
        "pp.": "pages", "vol.": "volume", "fig.": "figure", "chap.": "chapitre", "art.": "article",
        "tél.": "téléphone", "tel.": "téléphone", "apr. J.-C.": "après Jésus-Christ", "av. J.-C.": "avant Jésus-Christ",
        "st": "saint", "ste": "sainte", "max.": "maximum", "min.": "minimum", "janv.": "janvier", "févr.": "février",
        "avr.": "avril", "juil.": "juillet", "sept.": "septembre", "oct.": "octobre", "nov.": "novembre",
        "déc.": "décembre", "s.v.p.": "s'il vous plaît", "svp": "s'il vous plaît", "cf.": "voir", "éd.": "édition",
        "r.": "rue", "apt.": "appartement", "bât.": "bâtiment", "hab.": "habitants", "vs": "contre",
        "rdv": "rendez-vous", "th.": "thermostat", "al.": "alinéa", "stp": "s'il te plaît", "mdr": "mort de rire", "bcp": "beaucoup",
        "tjrs": "toujours", "tjs": "toujours", "jsp": "je ne sais pas", "slt": "salut", "bjr": "bonjour", "cdt": "cordialement",
        "qqch": "quelque chose", "qqn": "quelqu'un", "c. à s.": "cuillères à soupe", "c. à c.": "cuillères à café",
    }  # fmt: skip
    ordinal_mark = r"(?:(?P<f>ère|re)|er|ème|e|nd|(?P<f2>nde)|º)\b"
    units = {
        "ko": "digital-kilobyte", "Mo": "digital-megabyte", "Go": "digital-gigabyte", "To": "digital-terabyte",
        "c. à s": "volume-tablespoon", "c. à c": "volume-teaspoon", "c.à.s": "volume-tablespoon", "c.à.c": "volume-teaspoon",
        "c.às": "volume-tablespoon", "c.àc": "volume-teaspoon",
        "càs": "volume-tablespoon", "càc": "volume-teaspoon", "pers": "=personne/personnes",
    }  # fmt: skip
    titles = frozenset({"m.", "r."})
    each = {
        "mois": "par mois", "pers": "par personne", "an": "par an", "h": "de l'heure", "heure": "de l'heure", "nuit": "la nuit",
    }  # fmt: skip
    telephone = r"tél|tel|téléphone|appel|portable|mobile|fax|numéro"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = super().cardinal(number)
        return re.sub(r"(^|-|\bet )un$", r"\1une", said) if gender == FEMININE else said

    def counted(self, number: int, following: str) -> str:
        """Say "une" before what is surely feminine."""
        feminine = following.removesuffix("s") in _FEMININE or following.endswith(
            ("tion", "tions", "ette", "ettes")
        )
        return self.cardinal(number, FEMININE if feminine else MASCULINE)

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        said = super().ordinal(number)
        return "première" if gender == FEMININE and number == 1 else said

    def day(self, number: int) -> str:
        """See `Verbalizer.day`."""
        return "premier" if number == 1 else self.cardinal(number)

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say "premier mai"."""
        return self.join(self.day(day), month, self.year(year) if year else "")

    def hour(self, hour: int) -> str:
        """Say "une heure", "deux heures"."""
        return f"{self.cardinal(hour, FEMININE)} heure{'s' if hour > 1 else ''}"

    def telephone_number(self, groups: list[str]) -> str:
        """Say a number in pairs, as it is written."""
        said = [
            self.digit_by_digit(group) if group[0] == "0" or len(group) > 2 else self.cardinal(int(group))
            for group in groups
        ]
        return ", ".join(said)

    def scaled(self, number: str, power: int, noun: str) -> str:
        """Say "cinq milliards d'euros"."""
        if not re.search("(million|milliard)s?$", number):
            return f"{number} {noun}"
        return f"{number} d'{noun}" if noun[0] in "aeiouéh" else f"{number} de {noun}"

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """See `Verbalizer.amount`."""
        said = super().amount(number, forms, scale=scale)
        return re.sub(
            r"((?:million|milliard)s?) (?!de |d')(\w+)$", lambda m: self.scaled(m[1], 6, m[2]), said
        )

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return FEMININE if noun in _FEMININE else MASCULINE

    def half_of(self, noun: str) -> str | None:
        """Say "un demi litre", "une demi heure"."""
        return "une demi" if noun in _FEMININE else "un demi"

    def part_of(self, part: str, noun: str) -> str:
        """Say "un quart de kilogramme"."""
        return f"{part} d'{noun}" if noun[0] in "aeiouéh" else f"{part} de {noun}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "un demi", "trois quarts"."""
        many = "" if numerator == 1 else "s"
        name = {2: "demi", 3: "tiers", 4: "quart"}.get(denominator) or self.ordinal(denominator)
        return f"{self.cardinal(numerator)} {name}{many if not name.endswith('s') else ''}"
