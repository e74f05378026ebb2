"""Spanish."""

import re

from spoken.verbalizer import FEMININE, MASCULINE, Verbalizer, listed

_ORDINALS = [
    "primero",
    "segundo",
    "tercero",
    "cuarto",
    "quinto",
    "sexto",
    "séptimo",
    "octavo",
    "noveno",
    "décimo",
    "undécimo",
    "duodécimo",
    "decimotercero",
    "decimocuarto",
    "decimoquinto",
    "decimosexto",
    "decimoséptimo",
    "decimoctavo",
    "decimonoveno",
    "vigésimo",
]
_NO_NOUNS = frozenset(["de", "derecha", "en", "izquierda", "y"])
_SHORT = {"uno": "un", "primero": "primer", "tercero": "tercer", "veintiuno": "veintiún"}

_ARTICLES = frozenset({"el", "la", "los", "las", "en", "del", "al", "un", "una", "y", "de"})
_CENTURY = re.compile("siglos?", re.IGNORECASE)
_COUNTED = re.compile(
    r"anexo|artículo|canal|capítulo|clase|fase|grado|libro|nivel|parte|tema|tipo|título|tomo|vitamina|volumen",
    re.IGNORECASE,
)
# Words that follow a number and are not what it counts.
_NOT_COUNTED = listed(
    "a al ante antes aquí con contra cuando de del desde después durante e el en entre es está están fue"
    " hacia hasta hay hoy la las lo los más menos ni no o para pero por porque que se será si sin sobre son su"
    " tras u un una y ya"
)
_MASCULINE = frozenset(
    f"{noun}{many}"
    for noun in listed(
        "{noun}{many} día mapa planeta sofá problema programa sistema tema idioma poema dilema clima drama"
        " diagrama esquema kilograma telegrama fantasma pijama aroma carisma síntoma trauma papa cura guardia"
        " ,"
    )
    for many in ("", "s")
)
_QUEENS = frozenset({"Beatriz", "Isabel", "Raquel"})
_LARGEST_ORDINAL = 10  # of kings and centuries


class Spanish(Verbalizer):
    """See `Verbalizer`."""

    language = "es"
    regions = ("ES", "MX", "AR", "CO", "CL", "PE")
    before_dates = frozenset(["el", "del", "al", "día"])
    marks = ("punto", "coma")
    to, minus, number, per = "a", "menos", "número", "por"
    percent = "por ciento"
    hour_minute = "{hour} {minute}"
    full_hour = "{hour} en punto"
    between_cents = " con "
    currencies = {
        "$": "dólar/dólares", "€": "euro/euros", "£": "libra/libras", "¥": "yen/yenes", "₹": "rupia/rupias",
        "₽": "rublo/rublos", "₩": "won/wones", "₺": "lira/liras", "₿": "bitcoin/bitcoins", "sat": "satoshi/satoshis",
        "R$": "real/reales", "zł": "zloty/zlotys", "Kč": "corona/coronas", "Ft": "forinto/forintos", "S/": "sol/soles",
        "MXN": "peso/pesos",
    }  # fmt: skip
    cents = {"€": "céntimo/céntimos", "$": "centavo/centavos", "£": "penique/peniques"}
    magnitudes = {
        "mil": (3, "mil"), "k": (3, "mil"), "millón": (6, "millón/millones"), "millones": (6, "millón/millones"),
        "mill": (6, "millón/millones"), "mm": (6, "millón/millones"), "m": (6, "millón/millones"),
        "mio": (6, "millón/millones"), "mdd": (6, "millón/millones"),
    }  # fmt: skip
    abbreviations = {
        "dto.": "descuento", "dtos.": "descuentos",
        "neg.": "negociable", "ss.": "siguientes",
        "jr.": "júnior", "p/": "por", "tlf.": "teléfono", "ctra.": "carretera", "urb.": "urbanización", "esq.": "esquina", "atte.": "atentamente",
        "ref.": "referencia", "incl.": "incluido", "esc.": "escalera", "ptas.": "pesetas",
        "ee. uu.": "Estados Unidos",
        "EE. UU.": "Estados Unidos", "EE.UU.": "Estados Unidos", "p. ej.": "por ejemplo", "a. C.": "antes de Cristo",
        "d. C.": "después de Cristo", "a. m.": "a eme", "p. m.": "pe eme", "sr.": "señor", "sra.": "señora",
        "srta.": "señorita", "sres.": "señores", "dr.": "doctor", "dra.": "doctora", "prof.": "profesor",
        "profa.": "profesora", "d.": "don", "dña.": "doña", "ud.": "usted", "uds.": "ustedes", "av.": "Avenida",
        "avda.": "Avenida", "c.": "calle", "pza.": "plaza", "pág.": "página", "págs.": "páginas", "p.": "página",
        "núm.": "número", "no.": "número", "tel.": "teléfono", "tfno.": "teléfono",
        "etc.": "etcétera", "aprox.": "aproximadamente", "art.": "artículo", "cap.": "capítulo", "vol.": "volumen",
        "fig.": "figura", "min.": "minutos", "máx.": "máximo", "mín.": "mínimo", "depto.": "departamento", "dpto.": "departamento",
        "gral.": "general", "ing.": "ingeniero", "lic.": "licenciado", "arq.": "arquitecto", "sta.": "Santa",
        "sto.": "Santo", "cía.": "compañía", "ene.": "enero", "feb.": "febrero", "abr.": "abril", "ago.": "agosto",
        "sept.": "septiembre", "oct.": "octubre", "nov.": "noviembre", "dic.": "diciembre", "vs.": "versus",
        "dcha.": "derecha", "izda.": "izquierda", "izq.": "izquierda", "hab.": "habitantes", "c/": "calle", "ed.": "edición", "ej.": "ejemplo", "ext.": "extensión", "s. XX": "siglo veinte",
        "tqm": "te quiero mucho", "tkm": "te quiero mucho", "xq": "porque", "xfa": "por favor", "tmb": "también", "msj": "mensaje",
        "cdas.": "cucharadas", "cda.": "cucharada", "cdta.": "cucharadita", "cdtas.": "cucharaditas",
    }  # fmt: skip
    units = {
        "dorm": "=dormitorio/dormitorios",
        "gr": "mass-gram", "pers": "=persona/personas",
        "cda": "=cucharada/cucharadas", "cdas": "=cucharada/cucharadas", "cdta": "=cucharadita/cucharaditas",
        "cdtas": "=cucharadita/cucharaditas", "p. b": "=punto básico/puntos básicos", "p.b": "=punto básico/puntos básicos",
        "pb": "=punto básico/puntos básicos", "p. p": "=punto porcentual/puntos porcentuales",
        "p.p": "=punto porcentual/puntos porcentuales", "uds": "=unidad/unidades",
    }  # fmt: skip
    ordinal_mark = r"\.?(?:(?P<f>ª|[rtvm]?a\b)|º|er\b|[dtvm]?o\b)"
    titles = frozenset({"d."})
    each = {
        "mes": "al mes", "año": "al año", "día": "al día", "semana": "a la semana", "noche": "la noche", "hora": "la hora", "pers": "por persona",
    }  # fmt: skip
    telephone = r"tel|tfno|teléfono|llam|móvil|celular|whatsapp|fax"

    def cardinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.cardinal`."""
        said = (
            super().cardinal(number).replace("veintiuno mil", "veintiún mil").replace(" uno mil", " un mil")
        )
        if gender == FEMININE:
            said = (
                re.sub("uno$", "una", said).replace("cientos", "cientas").replace("quinientos", "quinientas")
            )
        return said

    def roman(self, number: int, before: str, after: str, *, dotted: bool) -> str:
        """Say "Felipe sexto", "siglo veintiuno", "la segunda Guerra Mundial"."""
        named = before[:1].isupper() and before.lower() not in _ARTICLES and not _COUNTED.fullmatch(before)
        noun = before if named or _CENTURY.fullmatch(before) else after if after[:1].isupper() else ""
        if not noun or number > _LARGEST_ORDINAL:
            return self.cardinal(number)
        feminine = noun.endswith(("a", "ión")) or noun in _QUEENS
        return self.ordinal(number, FEMININE if feminine else MASCULINE)

    def counted(self, number: int, following: str) -> str:
        """Say "un", "una" and the like before what is counted."""
        if not following.islower() or following in _NOT_COUNTED:
            return self.cardinal(number)
        if following.endswith(("as", "a")) and following not in _MASCULINE:
            return self.cardinal(number, FEMININE)
        return _before_noun(self.cardinal(number))

    def ordinal(self, number: int, gender: str = MASCULINE) -> str:
        """See `Verbalizer.ordinal`."""
        said = _ORDINALS[number - 1] if 0 < number <= len(_ORDINALS) else super().ordinal(number)
        return re.sub(r"o\b", "a", said) if gender == FEMININE else said

    def ordinal_before(self, number: int, before: str, following: str) -> str:
        """Say "primer" and "tercer" before what is numbered."""
        said = self.ordinal(number)
        return _SHORT.get(said, said) if following[:1].islower() and following not in _NO_NOUNS else said

    def amount(self, number: str, forms: str, *, scale: str = "") -> str:
        """See `Verbalizer.amount`."""
        return _before_amount(super().amount(number, forms, scale=scale))

    def unit(self, number: str, name: str, said: str) -> str:
        """See `Verbalizer.unit`."""
        return _before_amount(super().unit(number, name, said))

    def scaled(self, number: str, power: int, noun: str) -> str:
        """Say "tres millones de dólares"."""
        return f"{number} de {noun}" if number.endswith(("millón", "millones")) else f"{number} {noun}"

    def date(self, year: int | None, month: int, day: int) -> str:
        """Say "tres de abril de dos mil veinticuatro"."""
        said = f"{self.day(day)} de {self.month(month)}"
        return f"{said} de {self.year(year)}" if year else said

    def gender_of(self, noun: str) -> str:
        """See `Verbalizer.gender_of`."""
        return FEMININE if noun.endswith("a") else MASCULINE

    def half_of(self, noun: str) -> str | None:
        """Say "medio litro", "media hora"."""
        return "media" if noun.endswith("a") else "medio"

    def part_of(self, part: str, noun: str) -> str:
        """Say "un cuarto de kilogramo"."""
        return f"{part} de {noun}"

    def part(self, numerator: int, denominator: int) -> str | None:
        """Say "un medio", "tres cuartos"."""
        many = "" if numerator == 1 else "s"
        name = {2: "medio", 3: "tercio"}.get(denominator) or (
            self.ordinal(denominator) if denominator <= 10 else f"{self.cardinal(denominator)}avo"
        )
        return f"{_before_noun(self.cardinal(numerator))} {name}{many}"


def _before_noun(said: str) -> str:
    last = said.rpartition(" ")[2]
    return said[: len(said) - len(last)] + _SHORT.get(last, last)


def _before_amount(said: str) -> str:
    said = re.sub(r"\b(veinti)?uno (?=\w)", lambda match: "veintiún " if match[1] else "un ", said)
    return re.sub(
        r"(mill(?:ón|ones)) (?=(?!de )[a-záéíóú]+(?:e?s|o|a|r)$)(?=dól|eur|lib|yen|rup|rub|bit|sat)",
        r"\1 de ",
        said,
    )
