"""Italian."""

import re

from spoken.verbalizer import FEMININE, MASCULINE, Verbalizer

_BEFORE_NOUN = frozenset(
    [
        "il",
        "lo",
        "la",
        "i",
        "gli",
        "le",
        "l",
        "del",
        "dello",
        "della",
        "dei",
        "degli",
        "delle",
        "nel",
        "nello",
        "nella",
        "al",
        "allo",
        "alla",
        "dal",
        "dallo",
        "dalla",
        "sul",
        "sulla",
        "un",
        "uno",
        "una",
        "e",
        "di",
        "a",
        "da",
        "in",
        "con",
        "per",
    ]
)
_MONTHS = frozenset(
    ["aprile", "febbraio", "giugno", "maggio", "marzo", "novembre", "settembre"]
)  # streets are named so
_FEMININE_ARTICLES = frozenset(["la", "della", "nella", "alla", "dalla", "sulla", "una"])
_FEMININE = frozenset(["classe", "fase", "legione", "parte", "sezione"])


class Italian(Verbalizer):
    """See `Verbalizer`."""

    language = "it"
    regions = ("IT", "CH")
    before_dates = frozenset(["il", "dal", "al", "del"])
    marks = ("punto", "virgola")
    to, minus, number, per = "a", "meno", "numero", "per"
    percent = "per cento"
    hour_minute = "{hour} e {minute}"
    between_cents = " e "
    currencies = {
        "$": "dollaro/dollari", "€": "euro", "£": "sterlina/sterline", "¥": "yen", "₹": "rupia/rupie",
        "₽": "rublo/rubli", "₩": "won", "₺": "lira/lire", "₿": "bitcoin", "sat": "satoshi", "R$": "real",
        "zł": "zloty", "Kč": "corona/corone", "Ft": "fiorino/fiorini",
    }  # fmt: skip
    magnitudes = {
        "mila": (3, "mila"), "k": (3, "mila"), "mln": (6, "milione/milioni"), "milione": (6, "milione/milioni"),
        "milioni": (6, "milione/milioni"), "mio": (6, "milione/milioni"), "mld": (9, "miliardo/miliardi"),
        "mrd": (9, "miliardo/miliardi"), "miliardo": (9, "miliardo/miliardi"), "miliardi": (9, "miliardo/miliardi"),
    }  # fmt: skip
    abbreviations = {
        "cod.": "codice", "amb.": "ambulatorio", "p.t.": "piano terra", "dx": "destra", "sx": "sinistra",
        "giard.": "giardino", "tratt.": "trattabili", "segg.": "seguenti", "v. pag.": "vedi pagina", "l.": "legge",
        "int.": "interno", "rif.": "riferimento", "cad.": "cadauno", "tot.": "totale", "fraz.": "frazione",
        "sig.": "signor", "sig.ra": "signora", "sig.na": "signorina", "sigg.": "signori", "dott.": "dottor",
        "dott.ssa": "dottoressa", "dr.": "dottor", "prof.": "professor", "prof.ssa": "professoressa",
        "avv.": "avvocato", "ing.": "ingegner", "arch.": "architetto", "geom.": "geometra", "rag.": "ragioniere",
        "pag.": "pagina", "pagg.": "pagine", "p.": "pagina", "pp.": "pagine", "n.": "numero", "ecc.": "eccetera", "etc.": "eccetera", "es.": "esempio", "p. es.": "per esempio",
        "p.es.": "per esempio", "tel.": "telefono", "cell.": "cellulare", "v.le": "viale", "p.za": "piazza",
        "p.zza": "piazza", "c.so": "corso", "art.": "articolo", "cap.": "capitolo", "fig.": "figura", "vol.": "volume",
        "ca.": "circa", "c.a.": "circa", "max.": "massimo", "min.": "minimo", "s.p.a.": "società per azioni",
        "a.C.": "avanti Cristo", "d.C.": "dopo Cristo", "gen.": "gennaio", "feb.": "febbraio", "apr.": "aprile",
        "giu.": "giugno", "lug.": "luglio", "ago.": "agosto", "sett.": "settembre", "ott.": "ottobre", "nov.": "novembre", "dic.": "dicembre",
        "on.": "onorevole", "s.": "San", "vs.": "contro", "mln.": "milioni", "mld.": "miliardi", "sec.": "secolo",
        "ed.": "edizione", "str.": "strada", "cfr.": "confronta",
        "gent.mo": "gentilissimo", "gent.ma": "gentilissima", "egr.": "egregio", "spett.le": "spettabile",
        "d.lgs.": "decreto legislativo", "d.l.": "decreto legge", "lett.": "lettera", "c.": "comma", "cmq": "comunque",
        "nn": "non", "xké": "perché", "xkè": "perché", "xche": "perché", "tvb": "ti voglio bene", "tvtb": "ti voglio tanto bene",
        "grz": "grazie", "qnd": "quando", "qlcs": "qualcosa", "qlcn": "qualcuno", "prg": "prego",
    }  # fmt: skip
    units = {
        "mq": "area-square-meter", "kmq": "area-square-kilometer", "cmq": "area-square-centimeter",
        "mc": "volume-cubic-meter",
        "gr": "mass-gram", "p.p": "=punto percentuale/punti percentuali", "pz": "=pezzo/pezzi", "pers": "=persona/persone",
    }  # fmt: skip
    ordinal_mark = r"\.?(?:(?P<f>ª|a\b)|º|o\b|°(?! ?[CF]\b)(?= [a-z]))"
    each = {
        "mese": "al mese", "anno": "all'anno", "giorno": "al giorno", "settimana": "a settimana", "notte": "a notte", "persona": "a persona", "ora": "all'ora",
    }  # fmt: skip
    telephone = r"tel|telefon|chiam|cell|fax|numero"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = super().cardinal(number).replace("milioni e ", "milioni ").replace("milione e ", "milione ")
        return re.sub("uno$", "una", said) if gender == FEMININE and number == 1 else said

    def counted(self, number: int, following: str) -> str:
        """Say "un", "una" before what is counted."""
        if number == 1 and following.islower():
            return "una" if following.endswith(("a", "zione")) else "un"
        return self.cardinal(number)

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """See `Verbalizer.amount`."""
        said = re.sub(r"^uno (?=\w)", "un ", super().amount(number, forms, scale=scale)).replace(
            " mila", "mila"
        )
        return re.sub(r"(milion[ei]|miliard[oi]) (?!di )(?=\w+$)", r"\1 di ", said)

    def unit(self, number: str, name: str, said: str) -> str:
        """See `Verbalizer.unit`."""
        return re.sub(r"^uno (?=\w)", "un ", super().unit(number, name, said))

    def scaled(self, number: str, power: int, noun: str) -> str:
        """Say "tre milioni di dollari"."""
        return f"{number} di {noun}" if re.search("(milion|miliard).$", number) else f"{number} {noun}"

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        said = super().ordinal(number)
        return f"{said[:-1]}a" if gender == FEMININE else said

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Vittorio Emanuele secondo", "il ventesimo secolo", "la seconda guerra mondiale", "via venti settembre"."""
        if after.lower() in _MONTHS:
            return self.day(number)
        noun = before if before and before.lower() not in _BEFORE_NOUN else after
        feminine = (
            before.lower() in _FEMININE_ARTICLES
            or noun.endswith(("a", "zione", "sione"))
            or noun.lower() in _FEMININE
        )
        return self.ordinal(number, FEMININE if feminine else MASCULINE)

    def day(self, number: int) -> str:
        """See `Verbalizer.day`."""
        return "primo" if number == 1 else self.cardinal(number)

    def named_date(self, day: int, month: str, year: int | None, before: str) -> str | None:
        """Say "primo maggio"."""
        return self.join(self.day(day), month, self.year(year) if year else "")

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return FEMININE if noun.endswith("a") else MASCULINE

    def half_of(self, noun: str) -> str | None:
        """Say "mezzo litro", "mezza pagina"."""
        return "mezza" if noun.endswith("a") else "mezzo"

    def part_of(self, part: str, noun: str) -> str:
        """Say "un quarto di chilogrammo"."""
        return f"{part} di {noun}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "un mezzo", "tre quarti"."""
        name = "mezzo" if denominator == 2 else self.ordinal(denominator)
        return (
            f"un {name}"
            if numerator == 1
            else f"{self.cardinal(numerator)} {name[:-1].removesuffix('z') + 'zi' if name == 'mezzo' else name[:-1] + 'i'}"
        )
