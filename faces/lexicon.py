"""The words that `prompts.py` knows, and what each of them means."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Race = tuple[float, float, float]
"""Parts of MakeHuman's axes: african, asian, caucasian."""


class Ancestry(NamedTuple):
    """Where somebody's forebears lived: the mesh's axes, and colours of skin, hair and eyes that are common there."""

    race: Race
    skins: tuple[str, ...]
    hairs: tuple[str, ...] = ("#14100e", "#191311", "#1c1310")
    irises: tuple[str, ...] = ("#2f1c11", "#3a2417", "#3d2718")
    tight_curls: bool = False


AFRICAN = Ancestry(
    (1.0, 0.0, 0.0),
    ("#7a4b32", "#86543a", "#653f2b", "#946047"),
    ("#0c0a09", "#120d0b"),
    ("#24140d", "#2a170e"),
    True,
)
EAST_ASIAN = Ancestry((0.0, 1.0, 0.0), ("#dfb28c", "#dcae8b", "#d6a682"))
EUROPEAN = Ancestry(
    (0.0, 0.0, 1.0),
    ("#dcab8d", "#dba988", "#e0b398", "#d7a584"),
    ("#4a3322", "#6b4a30", "#8a5c35", "#2d2019", "#a9814f", "#33251b"),
    ("#4f7d8e", "#5b7f6a", "#5d7f93", "#4a3119", "#6d5a32"),
)
NORTHERN = EUROPEAN._replace(
    skins=("#e2b79c", "#e0b398"), hairs=("#b8935d", "#a9814f", "#c9a56b"), irises=("#4f7d8e", "#5d7f93")
)
SOUTHERN = EUROPEAN._replace(
    skins=("#d5a07c", "#cf9c76"), hairs=("#2d1f17", "#1f1612", "#3a281c"), irises=("#4a3119", "#3d2718")
)
MIDDLE_EASTERN = Ancestry((0.08, 0.10, 0.82), ("#c28f67", "#cf9c76", "#d3a27c"))
SOUTH_ASIAN = Ancestry((0.10, 0.28, 0.62), ("#a8734e", "#b5805a", "#936142"))
LATIN = Ancestry((0.08, 0.32, 0.60), ("#bf8a62", "#cf9a72", "#c79068"))
MIXED = Ancestry((0.32, 0.18, 0.50), ("#b98159", "#a8714c"), ("#20140f", "#2d1a12"))

ANCESTRIES: Mapping[str, Ancestry] = {
    **dict.fromkeys(
        ("african", "african american", "afro american", "nigerian", "kenyan", "ghanaian", "ethiopian", "senegalese",
         "congolese", "jamaican", "ugandan", "somali"),
        AFRICAN,
    ),
    **dict.fromkeys(
        ("asian", "east asian", "chinese", "japanese", "korean", "vietnamese", "thai", "mongolian", "filipino",
         "filipina", "indonesian", "malaysian", "taiwanese"),
        EAST_ASIAN,
    ),
    **dict.fromkeys(
        ("european", "caucasian", "french", "british", "english", "american", "polish", "czech", "hungarian", "russian",
         "austrian", "swiss", "belgian", "canadian", "australian", "ukrainian"),
        EUROPEAN,
    ),
    **dict.fromkeys(
        ("nordic", "scandinavian", "swedish", "norwegian", "danish", "finnish", "german", "dutch", "irish", "scottish",
         "icelandic"),
        NORTHERN,
    ),
    **dict.fromkeys(("mediterranean", "italian", "spanish", "greek", "portuguese"), SOUTHERN),
    **dict.fromkeys(
        ("middle eastern", "arab", "arabic", "arabian", "persian", "iranian", "turkish", "egyptian", "lebanese",
         "moroccan", "syrian", "saudi", "iraqi", "israeli"),
        MIDDLE_EASTERN,
    ),
    **dict.fromkeys(
        ("south asian", "indian", "pakistani", "bangladeshi", "sri lankan", "nepali", "nepalese"), SOUTH_ASIAN
    ),
    **dict.fromkeys(
        ("latino", "latina", "latin", "hispanic", "mexican", "peruvian", "chilean", "argentinian", "bolivian"), LATIN
    ),
    **dict.fromkeys(("brazilian", "colombian", "cuban", "dominican", "mixed race", "mixed", "biracial"), MIXED),
}  # fmt: skip

COLOUR_OF_PEOPLE: Mapping[str, Ancestry] = {"black": AFRICAN, "white": EUROPEAN, "brown": SOUTH_ASIAN}
"""What these words mean right before a person."""

MALE = frozenset(
    "man male gentleman guy businessman father grandfather grandpa husband actor king he his him boyfriend waiter "
    "latino filipino mr salesman spokesman".split()
)
FEMALE = frozenset(
    "woman female lady businesswoman mother grandmother grandma wife actress queen she her girlfriend waitress "
    "latina filipina ms mrs saleswoman spokeswoman".split()
)
NEUTRAL = frozenset("person adult human somebody someone".split())
PEOPLE = MALE | FEMALE | NEUTRAL

CHILDREN = frozenset(
    "child children kid kids baby babies toddler infant newborn boy boys girl girls teen teens teenager teenage "
    "adolescent minor schoolboy schoolgirl preteen tween".split()
)
SEVERAL = frozenset("men women people couple couples crowd group family twins friends".split())

AGES: Mapping[str, float] = {
    "young": 0.02,
    "youthful": 0.02,
    "adult": 0.15,
    "mature": 0.42,
    "middle aged": 0.45,
    "older": 0.6,
    "aging": 0.6,
    "senior": 0.78,
    "aged": 0.78,
    "elderly": 0.85,
    "old": 0.82,
    "grandfather": 0.82,
    "grandmother": 0.82,
    "grandpa": 0.82,
    "grandma": 0.82,
}
"""Place on the mesh's axis from young to old."""

DECADES: Mapping[str, int] = {
    "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80,
    "nineties": 90,
}  # fmt: skip

WEIGHTS: Mapping[str, float] = {
    "slim": 0.3, "thin": 0.22, "slender": 0.28, "skinny": 0.18, "lean": 0.32, "chubby": 0.72, "heavy": 0.78,
    "plump": 0.72, "stout": 0.75, "overweight": 0.8, "fat": 0.85, "round faced": 0.68,
}  # fmt: skip
MUSCLES: Mapping[str, float] = {
    "muscular": 0.85,
    "strong": 0.75,
    "athletic": 0.75,
    "fit": 0.68,
    "sporty": 0.68,
}

BONES: Mapping[str, Mapping[str, float]] = {
    "square jaw": {"jaw": 0.5, "head-square": 0.3}, "strong jaw": {"jaw": 0.5, "chin-prominent": 0.2},
    "round face": {"head-round": 0.6, "cheek-volume": 0.3}, "oval face": {"head-oval": 0.7},
    "square face": {"head-square": 0.6}, "long face": {"head-rectangular": 0.4, "head-scale-vert": 0.35},
    "narrow face": {"head-scale-horiz": -0.5}, "wide face": {"head-scale-horiz": 0.4},
    "heart shaped face": {"head-invertedtriangular": 0.5, "chin-width": -0.3},
    "high cheekbones": {"cheek-bones": 0.6}, "hollow cheeks": {"cheek-inner": -0.4, "head-fat": -0.3},
    "long nose": {"nose-scale-vert": 0.5}, "big nose": {"nose-volume": 0.45, "nose-scale-horiz": 0.3},
    "large nose": {"nose-volume": 0.45, "nose-scale-horiz": 0.3}, "small nose": {"nose-volume": -0.4},
    "wide nose": {"nose-scale-horiz": 0.5}, "narrow nose": {"nose-scale-horiz": -0.5},
    "hooked nose": {"nose-hump": 0.6, "nose-point": -0.3}, "aquiline nose": {"nose-hump": 0.55},
    "snub nose": {"nose-point": 0.45, "nose-curve": -0.4}, "upturned nose": {"nose-point": 0.45},
    "cleft chin": {"chin-cleft": 0.6}, "pointed chin": {"chin-width": -0.5}, "strong chin": {"chin-prominent": 0.5},
    "double chin": {"neck-double": 0.7}, "full lips": {"mouth-upperlip-height": 0.4, "mouth-lowerlip-height": 0.45},
    "thin lips": {"mouth-upperlip-height": -0.4, "mouth-lowerlip-height": -0.4},
    "wide mouth": {"mouth-scale-horiz": 0.4}, "small mouth": {"mouth-scale-horiz": -0.35},
    "big eyes": {"eye-scale": 0.3}, "large eyes": {"eye-scale": 0.3}, "small eyes": {"eye-scale": -0.25},
    "close set eyes": {"eye-trans-out": -0.4}, "wide set eyes": {"eye-trans-out": 0.4},
    "big ears": {"ear-scale": 0.45, "ear-wing": 0.3}, "small ears": {"ear-scale": -0.4},
}  # fmt: skip
"""Axes of `bones.py`."""

SKIN = frozenset(("skin", "skinned", "complexion"))
SKINS: Mapping[str, str] = {
    "pale": "#e8c2aa", "fair": "#e3b99f", "light": "#dfb296", "rosy": "#e0ab95", "olive": "#c99b71", "tan": "#c58f68",
    "tanned": "#c58f68", "golden": "#cf9c70", "medium": "#bf8a64", "brown": "#9c6847", "dark": "#6d432d",
    "black": "#553423", "ebony": "#4a2d1f", "white": "#e3b99f",
}  # fmt: skip

HAIR = frozenset(("hair", "haired", "bob", "curls", "afro"))
HAIR_COLOURS: Mapping[str, str] = {
    "black": "#14100e", "brown": "#4a3322", "chestnut": "#5c3822", "blond": "#c09a60", "blonde": "#c09a60",
    "golden": "#c59a52", "platinum": "#d9c8a2", "red": "#8a3d20", "ginger": "#a5562c", "auburn": "#6b3120",
    "copper": "#984a26", "grey": "#8f8c89", "gray": "#8f8c89", "silver": "#b0aeab", "white": "#d2cfc9",
    "dark": "#241912", "light": "#a9814f", "dyed": "#4a3322",
}  # fmt: skip
HAIR_WORDS: Mapping[str, str] = {
    "brunette": "#4a3322", "blond": "#c09a60", "blonde": "#c09a60", "redhead": "#8a3d20", "redheaded": "#8a3d20",
    "ginger": "#a5562c", "greying": "#77736f", "graying": "#77736f",
}  # fmt: skip
"""Words that mean hair wherever they stand."""

Cut = Literal["short", "cropped", "curly", "tight", "long", "wavy", "long curly", "bob", "bald"]

HAIR_CUTS: Mapping[str, Cut] = {
    "short": "short", "long": "long", "wavy": "wavy", "curly": "curly", "straight": "long", "shoulder length": "bob",
    "medium": "bob", "bobbed": "bob", "cropped": "cropped", "shaved": "cropped", "no": "bald", "kinky": "tight",
}  # fmt: skip
CUT_WORDS: Mapping[str, Cut] = {
    "bald": "bald", "bob": "bob", "afro": "curly", "curls": "curly", "curly": "curly", "wavy": "wavy",
    "buzz cut": "cropped", "buzzcut": "cropped", "crew cut": "cropped", "pixie cut": "short",
}  # fmt: skip
"""Words that mean hair wherever they stand."""

BEARDS: Mapping[str, float] = {
    "clean shaven": 0.0, "beardless": 0.0, "no beard": 0.0, "without beard": 0.0, "without a beard": 0.0,
    "full beard": 0.075, "long beard": 0.11, "short beard": 0.042, "trimmed beard": 0.042, "beard": 0.06,
    "bearded": 0.06,
}  # fmt: skip
"""Length in decimetres."""
STUBBLE = ("stubble", "stubbly", "unshaven", "five o'clock shadow")

Kind = Literal["crew", "turtle", "suit", "shirt"]

CLOTHES: Mapping[str, Kind] = {
    **dict.fromkeys(
        ("suit", "blazer", "jacket", "tuxedo", "business attire", "formal attire", "formal", "businessman",
         "businesswoman", "coat"),
        "suit",
    ),
    **dict.fromkeys(("turtleneck", "turtle neck", "polo neck", "roll neck", "rollneck"), "turtle"),
    **dict.fromkeys(
        ("t shirt", "tshirt", "tee", "sweater", "jumper", "pullover", "top", "sweatshirt", "dress", "cardigan",
         "casual clothes", "casual"),
        "crew",
    ),
    **dict.fromkeys(("shirt", "blouse", "collar"), "shirt"),
}  # fmt: skip
SUITS = frozenset(("suit", "blazer", "jacket", "tuxedo", "coat"))
OTHER_CLOTHES = frozenset(
    "turtleneck rollneck shirt tshirt tee sweater jumper pullover top sweatshirt dress cardigan blouse turtle".split()
)
TIE = frozenset(("tie", "necktie"))
SCARVES: Mapping[str, Literal["wrapped", "hanging"]] = {
    "hijab": "wrapped", "headscarf": "wrapped", "head scarf": "wrapped", "scarf": "wrapped", "veil": "wrapped",
    "keffiyeh": "hanging", "kufiya": "hanging", "ghutra": "hanging", "shemagh": "hanging",
}  # fmt: skip
SCARF = frozenset(word for name in SCARVES for word in name.split()) - {"head"}

EYES = frozenset(("eyes", "eyed", "eye"))
IRISES: Mapping[str, str] = {
    "blue": "#4f7d9e", "green": "#587f57", "brown": "#4a2f1a", "hazel": "#6d5a32", "grey": "#7b868c",
    "gray": "#7b868c", "dark": "#24140d", "black": "#1b110c", "amber": "#8a5f22", "light": "#6f93a5",
}  # fmt: skip

LIPS = frozenset(("lips", "lipstick"))
LIP_COLOURS: Mapping[str, str] = {"red": "#a82f35", "pink": "#c4646c", "dark": "#6e2a33"}

BACKDROP = frozenset(("background", "backdrop", "backgrounds", "wall"))
BACKDROPS: Mapping[str, str] = {
    "neutral": "#b9bbbe", "plain": "#b9bbbe", "simple": "#b9bbbe", "studio": "#b9bbbe", "clean": "#c9cbcd",
    "white": "#f4f4f4", "light": "#dcdee0", "bright": "#e6e7e8", "dark": "#2e3035", "black": "#17181b",
    "warm": "#c4ad95", "cool": "#9fb0c0", "solid": "#b9bbbe",
}  # fmt: skip
"""Beside the colours of cloth."""

COLOURS: Mapping[str, str] = {
    "red": "#8f2f33", "blue": "#35568a", "navy": "#232f4a", "green": "#3d6349", "grey": "#5d6269", "gray": "#5d6269",
    "black": "#1d1f24", "white": "#e6e3dc", "yellow": "#c9a23a", "orange": "#bb6c37", "purple": "#5d4573",
    "violet": "#65508a", "pink": "#c98a98", "brown": "#5c4334", "beige": "#cdbda5", "teal": "#2f6f6a",
    "maroon": "#5a1f2b", "burgundy": "#5a1f2b", "cream": "#e3d9c6", "olive": "#5d6140", "gold": "#b08d3c",
    "golden": "#b08d3c", "turquoise": "#3b8f93", "lavender": "#a193b8", "charcoal": "#2f3338", "tan": "#b3946f",
    "khaki": "#8f8560", "dark": "#282b31", "light": "#ccd2d8", "mustard": "#b98d2f", "crimson": "#8a1f2d",
}  # fmt: skip

COLOURED = PEOPLE | SKIN | HAIR | EYES | LIPS | BACKDROP | SUITS | OTHER_CLOTHES | TIE | SCARF | {"beard"}
"""What a colour before it belongs to."""

EMOTIONS: Mapping[str, str] = {
    **dict.fromkeys(
        ("happy", "smiling", "smile", "smiles", "cheerful", "joyful", "friendly", "laughing", "warm smile", "glad",
         "grinning", "delighted"),
        "happy",
    ),
    **dict.fromkeys(("serious", "stern", "grave", "solemn", "focused", "determined", "strict", "angry"), "serious"),
    **dict.fromkeys(("neutral expression", "calm", "relaxed", "neutral face", "composed"), "neutral"),
}  # fmt: skip

SILENT = frozenset(
    ", a an the of with and in on at to for from who is are has have having be as or very quite some his her he she "
    "their its it this that one into portrait portraits photo photograph picture image headshot head shot face "
    "facing camera looking looks look wearing wears dressed person adult human somebody someone please draw drawn "
    "make show front view closeup close up shoulders years year aged age color colour coloured colored".split()
)
"""Words that ask for nothing which is not done anyway."""
