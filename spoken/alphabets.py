"""Which letters of each script the voices read in words, and how the others are written with those.

All else a voice would name ("Cyrillic letter four eight one") or pass over in silence. Measured with the readers in
`spoken.scripts`; `tests/spoken/test_every_character.py` speaks every letter and tells where this table is wrong.
"""

import unicodedata

# First and last code point of each range, lower case, in the form that NFKC gives. Marks follow after the bar: they
# are read only after a letter of their script.
_RANGES = {
    "ARABIC": "0621-063A 0641-064A 0679 067E 0686 0688 0691 0698 06AF | 064B-0652",
    "ARMENIAN": "0561-0586",
    "BENGALI": "0985-098C 098F-0990 0993-09A8 09AA-09B0 09B2 09B6-09B9 09CE 09E0-09E1"
    " | 0981-0983 09BC 09BE-09C4 09C7-09C8 09CB-09CD 09E2-09E3",
    "CJK": "3400-4DBF 4E00-9FFF",
    "CYRILLIC": "0430-044F 0451-0454 0456-0459 045B-045C 045E-045F 0491",
    "DEVANAGARI": "0905-0939 0950 0960-0961 | 0901-0903 093C 093E-094D 0962-0963",
    "ETHIOPIC": "1200-1206 1208-1246 1248 124A-124D 1260-1286 1288 128A-128D 1290-12AE 12B0 12B2-12B5 12B8-12BE 12C0"
    " 12C2-12C5 12C8-12CE 12D0-12D6 12D8-12EE 12F0-130E 1310 1312-1315 1318-131E 1320-1346 1348-135A",
    "GEORGIAN": "10D0-10F8",
    "GREEK": "03AC-03AF 03B1-03C9 03CC-03CE",
    "GUJARATI": "0A85-0A8D 0A8F-0A91 0A93-0AA8 0AAA-0AB0 0AB2-0AB3 0AB5-0AB9 0AD0 0AE0-0AE1"
    " | 0A81-0A83 0ABC 0ABE-0AC5 0AC7-0AC9 0ACB-0ACD 0AE2-0AE3",
    "GURMUKHI": "0A05-0A0A 0A0F-0A10 0A13-0A28 0A2A-0A30 0A32 0A35 0A38-0A39 0A5C 0A72-0A73"
    " | 0A02-0A03 0A3C 0A3E-0A42 0A47-0A48 0A4B-0A4D 0A70-0A71",
    "HANGUL": "AC00-D7A3 1100-1112 1161-1175 11A8-11C2",
    "HEBREW": "05D0-05EA",
    "IDEOGRAPHIC": "3005",
    "HIRAGANA": "3041-3096",
    "KANNADA": "0C85-0C8B 0C8E-0C90 0C92-0CA8 0CAA-0CB3 0CB5-0CB9 0CDE 0CE0"
    " | 0C82-0C83 0CBE-0CC4 0CC6-0CC8 0CCA-0CCD",
    "KATAKANA": "30A1-30F6",
    "KATAKANA-HIRAGANA": "30FC",
    "LATIN": "0061-007A 00DF-00F6 00F8-0137 0139-0148 014A-017E",
    "MALAYALAM": "0D05-0D0B 0D0E-0D10 0D12-0D28 0D2A-0D39 0D60-0D61 0D7A-0D7F"
    " | 0D02-0D03 0D3E-0D43 0D46-0D48 0D4A-0D4D 0D57",
    "SINHALA": "0D85-0D96 0D9A-0DB1 0DB3-0DBB 0DBD 0DC0-0DC6 | 0D82-0D83 0DCA 0DCF-0DD4 0DD6 0DD8-0DDF 0DF2-0DF3",
    "TAMIL": "0B85-0B8A 0B8E-0B90 0B92-0B95 0B99-0B9A 0B9C 0B9E-0B9F 0BA3-0BA4 0BA8-0BAA 0BAE-0BB9"
    " | 0BBE-0BC2 0BC6-0BC8 0BCA-0BCD 0BD7",
    "TELUGU": "0C05-0C0C 0C0E-0C10 0C12-0C28 0C2A-0C33 0C35-0C39 0C58-0C59 0C60-0C61"
    " | 0C02-0C03 0C3E-0C44 0C46-0C48 0C4A-0C4D",
    "THAI": "0E01-0E25 0E27-0E2E 0E30 0E32 0E40-0E46 | 0E31 0E34-0E39 0E47-0E4C",
}
# What neither Unicode's decomposition nor its names tell.
_OTHERWISE = {
    "ĸ": "k", "ƿ": "w", "ǝ": "e", "ȝ": "g", "ə": "e", "ɛ": "e", "ɔ": "o", "ɩ": "i", "ʊ": "u", "ɑ": "a", "ɡ": "g",
    "i\u0307": "i",  # the small letter of İ
    "ѕ": "с", "ј": "й", "њ": "нь", "ѣ": "е", "ѳ": "ф", "ѵ": "и", "ә": "а", "ү": "у", "ө": "о", "һ": "х", "ӏ": "",
    "ٱ": "ا", "ی": "ي", "ک": "ك", "ے": "ي", "ھ": "ه", "ہ": "ه", "ۃ": "ة", "ە": "ه", "ں": "ن", "ې": "ي",
    "ۆ": "و", "ۇ": "و", "ۈ": "و", "ۋ": "و", "ڤ": "ف", "ڭ": "ك", "ڪ": "ك", "〇": "零", "ß": "ß",
}  # fmt: skip


def _members(ranges: str) -> frozenset[str]:
    found: set[str] = set()
    for span in ranges.split():
        first, _, last = span.partition("-")
        found.update(map(chr, range(int(first, 16), int(last or first, 16) + 1)))
    return frozenset(found)


_SPANS = {script: ranges.partition("|") for script, ranges in _RANGES.items()}
LETTERS = {script: _members(letters) for script, (letters, _, _) in _SPANS.items()}
"""Lower-case letters that stand for a sound, by script."""
MARKS = {script: _members(marks) for script, (_, _, marks) in _SPANS.items() if marks}
"""Signs that are read with the letter before them, by script."""


def script_in_name(character: str) -> str:
    """Return the first word of a character's Unicode name, which tells the script of letters and marks."""
    return unicodedata.name(character, "?").split(" ", 1)[0]


def readable(character: str) -> str:
    """Write a letter or mark with what the voices can read; "" where nothing comes close to it.

    Args:
        character: of category L or M, in the form that NFKC gives.
    """
    lower = character.lower()
    otherwise = _OTHERWISE.get(lower)
    if otherwise is not None:
        return otherwise
    if _is_read(character):
        return character
    base = unicodedata.normalize("NFD", character)[0]
    if base != character:
        return readable(base)
    # "CYRILLIC SMALL LETTER KA WITH DESCENDER" is a KA to those who do not know it.
    name, has_part, _ = unicodedata.name(character, "?").partition(" WITH ")
    if has_part:
        try:
            return readable(unicodedata.lookup(name))
        except KeyError:
            return ""
    return ""


def _is_read(character: str) -> bool:
    script = script_in_name(character)
    lower = character.lower()
    return lower in LETTERS.get(script, ()) or lower in MARKS.get(script, ())
