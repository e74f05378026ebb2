"""Dutch."""

from spoken.verbalizer import MASCULINE, Verbalizer

_YEAR_AFTER = frozenset(["in", "sinds", "jaar", "van", "tot", "uit", "rond", "na", "voor"])

_RULERS = frozenset(
    [
        "Albert",
        "Alexander",
        "Beatrix",
        "Boudewijn",
        "Catharina",
        "Elizabeth",
        "Filips",
        "Frederik",
        "George",
        "Hendrik",
        "Jan",
        "Johannes",
        "Karel",
        "Leopold",
        "Lodewijk",
        "Napoleon",
        "Nicolaas",
        "Paulus",
        "Peter",
        "Philips",
        "Pius",
        "Willem",
    ]
)


class Dutch(Verbalizer):
    """See `Verbalizer`."""

    language = "nl"
    regions = ("NL", "BE")
    before_dates = frozenset(["op", "vanaf"])
    marks = ("punt", "komma")
    to, minus, number, per = "tot", "min", "nummer", "per"
    percent = "procent"
    full_hour = "{hour} uur"
    hour_minute = "{hour} uur {minute}"
    hour_word = "uur"
    currencies = {
        "$": "dollar", "€": "euro", "£": "pond", "¥": "yen", "₹": "roepie", "₽": "roebel", "₩": "won", "₺": "lira",
        "₿": "bitcoin", "sat": "satoshi/satoshi's", "R$": "real", "zł": "zloty", "Kč": "kroon/kronen", "Ft": "forint",
    }  # fmt: skip
    magnitudes = {
        "dzd": (3, "duizend"), "duizend": (3, "duizend"), "k": (3, "duizend"), "mln": (6, "miljoen"),
        "miljoen": (6, "miljoen"), "mld": (9, "miljard"), "miljard": (9, "miljard"), "mrd": (9, "miljard"),
        "biljoen": (12, "biljoen"),
    }  # fmt: skip
    abbreviations = {
        "k.": "kamer", "b.g.g.": "bij geen gehoor",
        "k.k.": "kosten koper", "ref.": "referentie", "e.v.": "en verder", "mrt.": "maart",
        "tst.": "toestel", "app.": "appartement", "verd.": "verdieping", "p.m.": "per maand", "p.j.": "per jaar", "p.st.": "per stuk", "grtjs": "groetjes",
        "grt.": "groeten", "slpk.": "slaapkamers", "ong.": "ongeveer",
        "dhr.": "de heer", "mevr.": "mevrouw", "mw.": "mevrouw", "nr.": "nummer", "bijv.": "bijvoorbeeld",
        "bv.": "bijvoorbeeld", "b.v.": "bijvoorbeeld", "blz.": "bladzijde", "enz.": "enzovoort", "o.a.": "onder andere",
        "d.w.z.": "dat wil zeggen", "m.a.w.": "met andere woorden", "t.o.v.": "ten opzichte van", "i.p.v.": "in plaats van",
        "m.b.t.": "met betrekking tot", "a.u.b.": "alstublieft", "ca.": "circa", "dr.": "dokter", "prof.": "professor",
        "drs.": "doctorandus", "ir.": "ingenieur", "ing.": "ingenieur", "mr.": "meester", "tel.": "telefoon",
        "str.": "straat", "st.": "Sint", "max.": "maximaal", "min.": "minimaal", "incl.": "inclusief",
        "excl.": "exclusief", "evt.": "eventueel", "resp.": "respectievelijk", "p.": "pagina", "pag.": "pagina",
        "hfst.": "hoofdstuk", "art.": "artikel", "afb.": "afbeelding", "fig.": "figuur", "etc.": "et cetera",
        "zgn.": "zogenaamde", "n.a.v.": "naar aanleiding van", "v.Chr.": "voor Christus", "n.Chr.": "na Christus",
        "p.p.": "per persoon", "jan.": "januari", "feb.": "februari", "apr.": "april", "aug.": "augustus",
        "sept.": "september", "okt.": "oktober", "nov.": "november", "dec.": "december", "mln.": "miljoen",
        "mld.": "miljard", "gem.": "gemiddeld", "vgl.": "vergelijk", "t/m": "tot en met",
        "gr.": "groeten", "ff": "even", "idd": "inderdaad", "mss": "misschien", "iig": "in ieder geval", "wrs": "waarschijnlijk",
        "aub": "alstublieft", "p/m": "per maand", "p/p": "per persoon", "p/u": "per uur", "p/j": "per jaar", "fam.": "familie",
    }  # fmt: skip
    units = {
        "km/u": "speed-kilometer-per-hour", "u": "duration-hour", "el": "volume-tablespoon", "tl": "volume-teaspoon",
        "gr": "mass-gram", "pers": "=persoon/personen", "st": "=stuk/stuks",
    }  # fmt: skip
    rulers = _RULERS
    suffixes = {"str.": "straat"}
    ordinal_mark = r"(?:e|de|ste)\b"
    each = {
        "mnd": "per maand", "pp": "per persoon", "wk": "per week", "jr": "per jaar",
    }  # fmt: skip
    telephone = r"tel|telefoon|bel|mobiel|fax|nummer"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """Say it with a space after the thousands, as it is written today."""
        thousands, rest = divmod(number, 1000)
        if 1000 < number < 1_000_000 and rest:
            head = "" if thousands == 1 else super().cardinal(thousands)
            return f"{head}duizend {super().cardinal(rest)}"
        return super().cardinal(number).replace("honderdéén", "honderdeen")

    def year(self, number: int) -> str:
        """Say "negentienvierentachtig"."""
        hundreds, rest = divmod(number, 100)
        if not 1100 <= number < 2000:
            return self.cardinal(number)
        return f"{self.cardinal(hundreds)}{self.cardinal(rest) if rest > 9 else 'honderd' + (self.cardinal(rest) if rest else '')}"

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Willem de tweede", "deel twee"."""
        return f"de {self.ordinal(number)}" if before in _RULERS else self.cardinal(number)

    def is_year(self, number: int, before: str, after: str) -> bool:
        """Tell whether four digits are a year."""
        return 1100 <= number < 2000 and (before.lower() in _YEAR_AFTER or not after)

    def half_of(self, noun: str) -> str | None:
        """Say "een halve liter"."""
        return "een halve"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "een half", "drie kwart"."""
        name = {2: "half", 4: "kwart"}.get(denominator) or self.ordinal(denominator)
        return f"{'een' if numerator == 1 else self.cardinal(numerator)} {name}"
