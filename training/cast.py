"""The fourteen people and their three emotions."""

from collections.abc import Mapping

from training.looks import Beard, Clothes, Hair, Look, Phenotype, Scarf

_AFRICAN, _ASIAN, _CAUCASIAN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)

_BLUE = ((0.88, 0.89, 0.90), (0.55, 0.60, 0.66))
_SAND = ((0.93, 0.89, 0.83), (0.66, 0.58, 0.50))
_SAGE = ((0.86, 0.90, 0.88), (0.48, 0.57, 0.55))
_LILAC = ((0.90, 0.88, 0.92), (0.55, 0.52, 0.62))

# Lips that touch: without it the units leave a thin gap at rest.
CLOSED_MOUTH: Mapping[str, float] = {"mouthClose": 0.15}

EMOTIONS: Mapping[str, Mapping[str, float]] = {
    "neutral": {"mouthSmile": 0.2, "browInnerUp": 0.1},
    "happy": {
        "mouthSmile": 0.78,
        "mouthDimple": 0.3,
        "mouthStretch": 0.12,
        "mouthUpperUp": 0.1,
        "cheekSquint": 0.6,
        "eyeSquint": 0.25,
        "browInnerUp": 0.3,
        "browOuterUp": 0.55,
    },
    "serious": {
        "mouthSmile": -0.05,  # also takes back what a face smiles at rest
        "mouthFrown": 0.04,
        "mouthPress": 0.25,
        "mouthShrugLower": 0.05,
        "browDown": 0.6,
        "browInnerUp": 0.05,
        "eyeSquint": 0.25,
    },
}

CAST: Mapping[str, Look] = {
    "japanese_man": Look(
        label="Japanese man",
        phenotype=Phenotype(gender=1, old=0.08, race=_ASIAN),
        skin="#dfb28c",
        lips="#a9655a",
        brow="#191413",
        brow_thickness=1.15,
        hair_colour="#15110f",
        iris="#3a2417",
        blush=0.35,
        lip_gloss=0.3,
        hair=Hair(style="short", length=0.36, sweep=0.55, puff=0.7, parting=0.3),
        clothes=Clothes(kind="suit", colour="#2b3240", tie="#37506e"),
        backdrop=_BLUE,
    ),
    "old_european_woman": Look(
        label="Old European woman",
        phenotype=Phenotype(gender=0, old=0.85, race=_CAUCASIAN, weight=0.6),
        skin="#dfb49b",
        lips="#ab625e",
        brow="#8b8178",
        brow_thickness=0.8,
        hair_colour="#a9a39b",
        iris="#5d7f93",
        blush=0.9,
        hair=Hair(
            style="long",
            length=1.9,
            parting=-0.18,
            curl=0.03,
            turns=1.5,
            shine=0.4,
            layers=0.06,
            tuck=0.12,
            fullness=0.35,
        ),
        clothes=Clothes(kind="crew", colour="#7a5f86", fitted=True),
        backdrop=_LILAC,
    ),
    "european_woman": Look(
        label="European woman",
        phenotype=Phenotype(gender=0, old=0.05, race=_CAUCASIAN),
        skin="#dcab8d",
        lips="#b95f60",
        brow="#6b4a30",
        brow_thickness=0.8,
        hair_colour="#8a5c35",
        iris="#4f7d8e",
        blush=1.0,
        eye_shadow="#8a5a4a",
        hair=Hair(
            style="long", length=2.15, parting=0.2, curl=0.03, turns=1.2, shine=0.5, layers=0.06, tuck=0.12
        ),
        clothes=Clothes(kind="crew", colour="#e8e2d8", fitted=True),
        backdrop=_SAGE,
    ),
    "european_man": Look(
        label="European man",
        phenotype=Phenotype(gender=1, old=0.15, race=_CAUCASIAN),
        skin="#dba988",
        lips="#a8665d",
        brow="#4b3625",
        brow_thickness=1.05,
        hair_colour="#4a3322",
        iris="#5b7f6a",
        blush=0.5,
        lip_gloss=0.25,
        stubble=0.22,
        hair=Hair(style="short", length=0.38, sweep=0.8, parting=-0.25),
        clothes=Clothes(kind="suit", colour="#39414f", tie="#7a2e35"),
        rest={"mouthSmile": 0.08, "eyeWide": 0.12, "browInnerUp": 0.12},
        backdrop=_BLUE,
    ),
    "african_man": Look(
        label="African man",
        phenotype=Phenotype(gender=1, old=0.12, race=_AFRICAN),
        skin="#7a4b32",
        lips="#6b3c34",
        brow="#0e0b0a",
        brow_thickness=1.1,
        hair_colour="#0c0a09",
        iris="#24140d",
        blush=0.15,
        lip_gloss=0.4,
        stubble=0.35,
        hair=Hair(style="curly", length=0.085, curl=0.02, turns=1.5, count=12000, shine=0.5),
        clothes=Clothes(kind="shirt", colour="#d9dde2", fitted=True),
        rest={"mouthSmile": 0.12, "eyeWide": 0.15, "browInnerUp": 0.12},
        moods={
            "happy": {"browInnerUp": 0.15, "browOuterUp": 0.35, "eyeSquint": 0.2},
            "serious": {"browDown": 0.15, "browInnerUp": -0.12},
        },
        backdrop=_SAND,
    ),
    "african_woman": Look(
        label="African woman",
        phenotype=Phenotype(gender=0, old=0.05, race=_AFRICAN),
        skin="#86543a",
        lips="#7f3f3d",
        brow="#0f0b0a",
        brow_thickness=0.8,
        hair_colour="#120d0b",
        iris="#2a170e",
        blush=0.3,
        eye_shadow="#4a2a22",
        hair=Hair(style="curly", length=0.42, curl=0.06, turns=2.4, count=12000, width=0.02, shine=0.5),
        clothes=Clothes(kind="crew", colour="#c98a2b"),
        backdrop=_SAGE,
    ),
    "japanese_woman": Look(
        label="Japanese woman",
        phenotype=Phenotype(gender=0, old=0.03, race=_ASIAN),
        skin="#dcae8b",
        lips="#c06568",
        brow="#2a1f1b",
        brow_thickness=0.8,
        hair_colour="#191311",
        iris="#3b2518",
        blush=0.8,
        rest={"mouthSmile": 0.1},
        moods={"serious": {"browDown": -0.25, "eyeSquint": -0.15}},
        eye_shadow="#a06a5a",
        hair=Hair(style="bob", length=1.95, parting=0.12, curl=0.008, shine=0.6),
        clothes=Clothes(kind="crew", colour="#b4c4cf", fitted=True),
        backdrop=_LILAC,
    ),
    "iranian_man": Look(
        label="Iranian man",
        phenotype=Phenotype(
            gender=1,
            old=0.2,
            race=(0.05, 0.12, 0.83),
            details={
                "nose/nose-hump-incr": 0.35,
                "head/head-oval": 0.5,
                "head/head-scale-vert-incr": 0.3,
            },
        ),
        skin="#cf9c76",
        lips="#9d5c52",
        brow="#17110e",
        brow_thickness=1.25,
        hair_colour="#17110e",
        iris="#3d2718",
        blush=0.3,
        lip_gloss=0.25,
        stubble=0.6,
        beard=Beard(length=0.042, count=34000),
        hair=Hair(style="short", length=0.34, sweep=0.5, puff=0.42, parting=-0.8, shine=0.7),
        clothes=Clothes(kind="suit", colour="#3f4a45", shirt="#dfe2e0", tie=None, fitted=True),
        backdrop=_SAND,
    ),
    "mexican_man": Look(
        label="Mexican man",
        phenotype=Phenotype(
            gender=1,
            old=0.18,
            race=(0.08, 0.24, 0.68),
            weight=0.64,
            details={
                "head/head-round": 0.4,
                "cheek/l-cheek-volume-incr": 0.3,
                "cheek/r-cheek-volume-incr": 0.3,
            },
        ),
        skin="#bf8a62",
        lips="#935a4d",
        brow="#15100e",
        brow_thickness=1.15,
        hair_colour="#14100e",
        iris="#2f1c11",
        blush=0.3,
        lip_gloss=0.25,
        stubble=0.28,
        hair=Hair(style="curly", length=0.24, curl=0.045, turns=1.0, count=12000, width=0.014, shine=0.6),
        clothes=Clothes(kind="shirt", colour="#35506b", fitted=True),
        backdrop=_SAND,
    ),
    "mexican_woman": Look(
        label="Mexican woman",
        phenotype=Phenotype(gender=0, old=0.06, race=(0.05, 0.40, 0.55)),
        skin="#cf9a72",
        lips="#b0504f",
        brow="#1f1612",
        brow_thickness=0.8,
        hair_colour="#1c1310",
        iris="#3a2214",
        blush=0.7,
        eye_shadow="#7a4a3a",
        hair=Hair(style="long", length=2.5, parting=0.0, curl=0.035, turns=1.8, shine=0.45),
        clothes=Clothes(kind="crew", colour="#2f6f6a"),
        backdrop=_BLUE,
    ),
    "colombian_woman": Look(
        label="Colombian woman",
        phenotype=Phenotype(gender=0, old=0.04, race=(0.30, 0.20, 0.50)),
        skin="#b98159",
        lips="#ad4c4d",
        brow="#20140f",
        brow_thickness=0.8,
        hair_colour="#2d1a12",
        iris="#4a2d17",
        blush=0.6,
        eye_shadow="#6a3f30",
        hair=Hair(style="long", length=2.45, parting=-0.2, curl=0.05, turns=3.0, shine=0.4),
        clothes=Clothes(kind="crew", colour="#c2543f"),
        backdrop=_SAGE,
    ),
    "old_japanese_man": Look(
        label="Old Japanese man",
        phenotype=Phenotype(
            gender=1,
            old=0.75,
            race=_ASIAN,
            details={
                "mouth/mouth-upperlip-height-decr": 0.55,
                "mouth/mouth-lowerlip-height-decr": 0.45,
                "mouth/mouth-cupidsbow-incr": 0.4,
                "mouth/mouth-scale-horiz-incr": 0.25,
                "mouth/mouth-angles-up": 0.3,
            },
        ),
        skin="#d8ab87",
        lips="#b37d6b",
        brow="#77726d",
        brow_thickness=1.1,
        hair_colour="#8f8c89",
        iris="#3a2619",
        blush=0.5,
        lip_gloss=0.2,
        hair=Hair(style="short", length=0.2, sweep=0.3, lift=0.10, cover=0.7, count=9000, shine=0.6),
        clothes=Clothes(kind="turtle", colour="#4a4f57"),
        backdrop=_BLUE,
    ),
    "arab_man": Look(
        label="Arab man",
        phenotype=Phenotype(
            gender=1, old=0.22, race=(0.10, 0.08, 0.82), details={"nose/nose-hump-incr": 0.25}
        ),
        skin="#c28f67",
        lips="#93574b",
        brow="#120d0b",
        brow_thickness=1.25,
        hair_colour="#120d0b",
        iris="#2d1a10",
        blush=0.25,
        lip_gloss=0.25,
        stubble=0.8,
        beard=Beard(length=0.06, count=30000),
        scarf=Scarf(kind="hanging", colour="#e9e6df", cord="#141210"),
        clothes=Clothes(kind="shirt", colour="#d9d3c6", fitted=True),
        backdrop=_SAND,
    ),
    "arab_woman": Look(
        label="Arab woman",
        phenotype=Phenotype(gender=0, old=0.05, race=(0.08, 0.08, 0.84)),
        skin="#d3a27c",
        lips="#b25a58",
        brow="#1a120e",
        brow_thickness=0.8,
        hair_colour="#1a120e",
        iris="#4a2f1a",
        blush=0.7,
        eye_shadow="#7a4a38",
        scarf=Scarf(kind="wrapped", colour="#4f6f86"),
        clothes=Clothes(kind="crew", colour="#3d5566"),
        backdrop=_LILAC,
    ),
}


def expression(name: str, emotion: str) -> dict[str, float]:
    """Say how somebody shows an emotion with closed lips, in ARKit coefficients."""
    return mix(CLOSED_MOUTH, EMOTIONS[emotion], (CAST[name].moods or {}).get(emotion, {}))


def mix(*parts: Mapping[str, float]) -> dict[str, float]:
    """Add up ARKit coefficients."""
    total: dict[str, float] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total
