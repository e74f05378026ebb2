"""One person ready to be filmed: built once from a `Look`, then moved by ARKit coefficients, gaze and pose."""

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from faces.clothes import NO_SEAM, Cloth, sew
from faces.ears import ear_relief
from faces.eyes import eyeball
from faces.geometry import (
    LEFT_EYE,
    RIGHT_EYE,
    Floats,
    base_mesh,
    express,
    fit_sphere,
    phenotype,
    rotation,
    smoothstep,
)
from faces.hair import (
    Ribbons,
    Roots,
    Surface,
    beard_mask,
    brow_mask,
    dye,
    ribbons,
    sample_roots,
    scalp_mask,
    twin,
)
from faces.hairstyles import comb, comb_brows, trim_beard
from faces.looks import Look, linear
from faces.mouth import (
    MOUTH_COLOURS,
    inside_mouth,
    lip_atlas,
    lip_points,
    lip_uvs,
    mouth_parts,
    seat_in_mouth,
)
from faces.paint import BOX, crease_face, paint_face
from faces.renderer import Camera, Material, Picture, Pose, Renderer, Scene
from faces.scarf import drape, follow, line, shade_lining, wind_cord
from faces.subdivision import Part, eyelashes, head

SIZE = 512  # pixels of the whole picture, where nothing else is said

Eye = tuple[Floats, float]  # centre and radius
Box = tuple[float, float, float]  # centre x, centre y, side in pixels of the whole picture

_CHIN = (0, 6.17, 1.4)  # canonical landmarks
_NOSE_TIP = (0, 6.95, 1.8)
_BROW = (0.5, 7.5, 1.1)  # above its outer end
_BELOW_CHIN = 0.14
_FRONT = 0.9  # canonical z of a face's front
_LIPS_DEPTH = 1.3  # z of the mouth box's centre
_FIELD_OF_VIEW = 14.2
_DISTANCE = 14.0
_BEARD_WIDTH, _BROW_WIDTH = 0.0032, 0.0026  # a brow's hair must not be finer than a sample
_BEARD_GROWN, _BROW_GROWN = 0.7, 0.62  # of the hairs that are asked for, since each has a twin
_BROW_HAIRS = 2000
_LID_SKY = 0.8  # how much sky a closed lid sees
_LID = 1.07  # how near the outside of a lid may come to the eyeball, in its radii
# From where hair is seen: the camera as the head turns and nods, and the key light.
_VIEWS = np.array([(0, 0, 1), (0.3, 0, 1), (-0.3, 0, 1), (0, 0.25, 1), (0, -0.2, 1), (-0.55, 0.75, 0.9)])
_SWAY = 0.06  # how far long hair moves against neck and shoulders
_CUT_SHORT = ("short", "curly")  # of which little is ever seen, and all of it from near by
_COMBED_BACK = ("long", "bob")
_UNSHADED = ("left_eye", "right_eye", "upper_teeth", "lower_teeth", "tongue")


class Avatar:
    """A person in a scene; a class since building takes seconds and each frame reuses it."""

    def __init__(
        self,
        renderer: Renderer,
        look: Look,
        *,
        seed: int = 0,
        hair_density: float = 1.0,
        frame: int = SIZE,
    ) -> None:
        """Build the person.

        Args:
            renderer: draws the person.
            look: who it is.
            seed: of everything random: strands, brows, stubble.
            hair_density: part of the strands to keep (they get wider in turn), for quick previews.
            frame: side in pixels of the whole picture, in which boxes and eyes are given.

        """
        self._renderer = renderer
        self.frame = frame
        self._look = look
        self._degrees = _FIELD_OF_VIEW
        rng = np.random.default_rng(seed)
        person = look.phenotype
        self._base = phenotype(
            gender=person.gender,
            old=person.old,
            race=person.race,
            weight=person.weight,
            muscle=person.muscle,
            details=person.details,
        )
        self._base = express(self._base, look.rest)
        self.points = head().points(self._base)
        self.top = float(self.points[:, 1].max())
        normals = head().normals(self.points)
        nose, chin = self.points[_nearest(_NOSE_TIP)], self.points[_nearest(_CHIN)]
        self._mouth_centre = np.array([0, (nose[1] + chin[1] - _BELOW_CHIN) / 2, _LIPS_DEPTH])
        self._mouth_side = float(nose[1] - chin[1] + _BELOW_CHIN)

        self.scene = Scene(renderer, height=float(chin[1] - head().canonical[_nearest(_CHIN), 1]))
        self.scene.backdrop = look.backdrop
        self.scene.constants = {
            "skin_colour": linear(look.skin),
            "lip_colour": linear(look.lips),
            "hair_colour": linear(look.hair_colour),
            "blush": look.blush,
            "lip_gloss": look.lip_gloss,
            "knit": float(look.clothes.kind in ("crew", "turtle") and not look.scarf),
            "own": (own := rng.spawn(1)[0]).uniform(0, 20, 3),
            "freckles": _fairness(look) * own.random() ** 2,
            "paint_box": np.array(BOX),
            "smile": 0.0,
        }
        self.scene.set_texture("lips", lip_atlas())
        self.scene.set_texture("paint", paint_face(look))
        self.scene.set_texture("relief", crease_face(look, rng))
        self._add_skin(normals)
        self._add_eyes()
        self._add_mouth()
        surface = Surface(self.points, normals)
        self._add_hair(surface, normals, rng, hair_density)
        self._rooted: dict[str, tuple[Roots, Floats]] = {}
        self._add_beard(surface, normals, rng, hair_density)
        self._add_brows(surface, normals, rng)
        self._add_lashes()
        for name, cloth in sew(look.clothes, self.points, normals).items():
            self._add_cloth(name, cloth)
        self._scarf: dict[str, Cloth] = {}
        if look.scarf:
            scarf = drape(look.scarf, self.points)
            self._scarf = {"scarf": scarf, "lining": line(scarf)}
            self._following = follow(scarf, self.points)
            for name, cloth in self._scarf.items():
                self._add_cloth(name, cloth)
            if look.scarf.cord:
                self._add_cloth("cord", wind_cord(look.scarf.cord, scarf, self.top))
        self.express({})
        self._shade(renderer)
        if look.hair and look.hair.style in _CUT_SHORT:
            renderer.drop_hidden(self.scene, "hair", _VIEWS, depth=0.06)
        self._hides_hair = bool(look.hair and look.hair.style not in _CUT_SHORT)

    def drop_hidden_hair(self) -> None:
        """Leave out long hair that is never seen. It takes as long as two pictures, so it is for films."""
        if self._hides_hair:
            self._renderer.drop_hidden(self.scene, "hair", _VIEWS, depth=0.2, aside=_SWAY)
            self._hides_hair = False

    def express(self, coefficients: Mapping[str, float], gaze: tuple[float, float] = (0.0, 0.0)) -> None:
        """Move the face.

        Args:
            coefficients: ARKit face units.
            gaze: pitch and yaw of the eyes in radians, relative to the head.

        """
        smiles = (coefficients.get(f"mouthSmile{side}", 0.0) for side in ("Left", "Right"))
        self.scene.constants["smile"] = np.clip(coefficients.get("mouthSmile", 0.0) + sum(smiles) / 2, 0, 1)
        base = express(self._base, coefficients)
        eyes = _eyes(base)
        points = _lids_over_eyes(head().points(base), eyes, self.points, _eyes(self._base))
        normals = head().normals(points)
        self.scene.move("skin", points[head().corner_points], normals[head().corner_points])
        for name, part in mouth_parts().items():
            inner = seat_in_mouth(name, part.points(base))
            self.scene.move(name, inner[part.corner_points], part.normals(inner)[part.corner_points])
        for name, part in _lash_parts().items():
            lash = part.points(base)[part.corner_points]
            self.scene.move(name, lash, np.tile([0, 0.3, 0.95], (len(lash), 1)))
        directions = eyeball().points @ rotation((*gaze, 0.0)).T
        for name, (centre, radius) in zip(("left_eye", "right_eye"), eyes, strict=True):
            self.scene.move(name, centre + directions * radius, _unit(directions))
        for name, cloth in self._scarf.items():  # else a chin that opens would pass through them
            way = self._following.way(points - self.points)
            self.scene.move(name, cloth.positions + way, cloth.normals)
        for name, (roots, positions) in self._rooted.items():
            moved = roots.carried(points - self.points)
            moved = np.repeat(moved, len(positions) // len(moved), axis=0)
            self.scene.move(name, positions + moved, self.scene.meshes[name].normals)
        self._unfold_lids(coefficients.get("eyeBlink", 0.0))

    def _unfold_lids(self, blink: float) -> None:
        """Light what lies in the fold of a lid while the eyes are open, which is when occlusion is measured."""
        shade = self._skin_shade.copy()
        shade[:, 0] = np.maximum(shade[:, 0], _LID_SKY * min(blink, 1) * _lid_mask())
        self.scene.set_shade("skin", shade)

    def shape(self) -> dict[str, Floats]:
        """Return where the points of all surfaces are now, by mesh; hairs are left out, they go with the skin."""
        surfaces = (Material.SKIN, Material.MOUTH, Material.CLOTH)
        return {name: mesh.positions for name, mesh in self.scene.meshes.items() if mesh.material in surfaces}

    def widen(self, poses: Iterable[Pose], most: float) -> None:
        """Show as much around the person as makes the mouth's square at most so many pixels wide in all poses.

        A film of mouths has squares of one size, and some faces are large for their head.
        """
        self._degrees = _FIELD_OF_VIEW
        widest = max(self.mouth_box(pose)[2] for pose in poses)
        wide = np.tan(np.radians(_FIELD_OF_VIEW) / 2) * max(widest / most, 1)
        self._degrees = float(np.degrees(2 * np.arctan(wide)))

    def camera(self, box: Box | None = None, *, degrees: float | None = None) -> Camera:
        """Frame head and shoulders, or only a box of that picture; more `degrees` show more around them."""
        target = np.array([0, self.top - 1.22, 0.6])
        camera = Camera.looking(target, distance=_DISTANCE, degrees=degrees or self._degrees)
        return camera if box is None else camera.cropped(box, self.frame)

    def mouth_box(self, pose: Pose = Pose()) -> Box:  # noqa: B008 - frozen
        """Return the tight square around the mouth, from the nose's tip to just below the chin, in a pose."""
        x, y, scale = self.camera().project(self.scene.place(self._mouth_centre, pose), self.frame)
        return x, y, self._mouth_side * scale

    def eyes(self, pose: Pose) -> tuple[float, float, float, float]:
        """Return where the eyes look out in a pose: (x, y) of the one on the left of the picture, and of the other."""
        camera = self.camera()
        (ax, ay), (bx, by) = sorted(
            camera.project(self.scene.place(centre, pose) + np.array([0, 0, radius]), self.frame)[:2]
            for centre, radius in _eyes(self._base)
        )
        return ax, ay, bx, by

    def render(self, pose: Pose = Pose(), camera: Camera | None = None) -> Picture:  # noqa: B008 - frozen
        """Draw the person as last expressed, RGB uint8."""
        return self._renderer.render(self.scene, camera or self.camera(), pose)

    def _add_skin(self, normals: Floats) -> None:
        part, look = head(), self._look
        scalp = (
            scalp_mask(part.canonical, look.hair.lift) * look.hair.cover
            if look.hair
            else np.zeros(len(part.canonical))
        )
        beard = beard_mask(part.canonical) if look.beard else np.zeros(len(scalp))
        beard[beard < 0.02] = 0  # noqa: PLR2004 - a faint film reads as dirt
        corners = part.corner_points
        if look.hair and look.hair.style in _COMBED_BACK:
            scalp = scalp * _off_forehead(part.canonical)
        colours = np.zeros((len(corners), 4))
        colours[:, 0], colours[:, 1] = scalp[corners], beard[corners]
        self._skin_shade = np.stack([np.ones(len(corners)), np.clip(1.6 * inside_mouth(), 0, 1)], axis=1)
        self.scene.add(
            "skin",
            part.corner_triangles,
            Material.SKIN,
            colours,
            self.points[corners],
            normals[corners],
            canonical=part.canonical[corners],
            uvs=lip_uvs(part.corner_uvs),
            shade=self._skin_shade,
        )

    def _add_eyes(self) -> None:
        ball = eyeball()
        for name in ("left_eye", "right_eye"):
            self.scene.add(
                name,
                ball.triangles,
                Material.EYE,
                np.tile(linear(self._look.iris), (len(ball.points), 1)),
                ball.points,
                ball.points,
                rigid=True,
                casts_shadow=False,
            )

    def _add_mouth(self) -> None:
        for name, part in mouth_parts().items():
            corners = part.canonical[part.corner_points]
            self.scene.add(
                name,
                part.corner_triangles,
                Material.MOUTH,
                np.tile(MOUTH_COLOURS[name], (len(corners), 1)),
                corners,
                corners,
                rigid=True,
            )

    def _add_hair(self, surface: Surface, normals: Floats, rng: np.random.Generator, density: float) -> None:
        hair = self._look.hair
        if hair is None:
            return
        canonical = head().canonical
        mask = scalp_mask(canonical, hair.lift)
        if hair.style in _COMBED_BACK:
            mask = mask * _off_forehead(canonical)
        count = int(hair.count * density)
        roots = sample_roots(self.points, normals, canonical, head().triangles, mask, count, rng)
        strands = comb(hair, roots, surface, self.top, rng)
        if hair.style in _COMBED_BACK:
            brow = self.points[_nearest(_BROW)]  # no strand may hang before the face below it
            before_face = (np.abs(strands[..., 0]) < brow[0]) & (strands[..., 1] < brow[1])
            kept = ~(before_face & (strands[..., 2] > brow[2] - 0.2)).any(axis=1)
            strands, roots = strands[kept], roots._replace(density=roots.density[kept])
        # Along the hairline hair is fine, and no other hair shades its roots.
        inwards = smoothstep(0.1, 1.0, roots.density)
        width = hair.width / density**0.5 * (0.25 + 0.75 * inwards)
        drawn = ribbons(strands, width, dye(strands, linear(self._look.hair_colour), rng), rng)
        lightest = np.repeat(0.5 * (1 - inwards), len(drawn.along) // len(inwards))
        shade = np.stack([np.ones(len(drawn.along)), np.maximum(drawn.along, lightest)], axis=1)
        self.scene.add(
            "hair",
            drawn.triangles,
            Material.HAIR,
            drawn.colours,
            drawn.positions,
            drawn.tangents,
            uvs=drawn.across,
            shade=shade,
            hair_shine=hair.shine,
        )

    def _add_beard(self, surface: Surface, normals: Floats, rng: np.random.Generator, density: float) -> None:
        beard = self._look.beard
        if beard is None:
            return
        canonical = head().canonical
        from_lips = cKDTree(canonical[lip_points()]).query(canonical)[0]
        mask = smoothstep(0.25, 0.6, beard_mask(canonical)) * smoothstep(0.008, 0.03, from_lips)
        x, y, _ = np.abs(canonical).T
        mask = mask * (1 + 0.8 * smoothstep(6.66, 6.7, y) * smoothstep(0.42, 0.34, x))  # a moustache is dense
        count = int(_BEARD_GROWN * beard.count * density)
        roots = sample_roots(self.points, normals, canonical, head().triangles, mask, count, rng)
        strands = trim_beard(beard, roots, roots.carried(from_lips[:, None])[:, 0], surface, rng)
        drawn = ribbons(twin(strands, rng), _BEARD_WIDTH / density**0.5, linear(self._look.hair_colour), rng)
        self._add_rooted("beard", drawn, roots, darkest=0.4)

    def _add_brows(self, surface: Surface, normals: Floats, rng: np.random.Generator) -> None:
        canonical, look = head().canonical, self._look
        mask = brow_mask(canonical[:, 0], canonical[:, 1], look.brow_thickness)
        mask = smoothstep(0.36, 0.9, mask) * (canonical[:, 2] > _FRONT)
        count = int(_BROW_GROWN * _BROW_HAIRS * look.brow_thickness)
        roots = sample_roots(self.points, normals, canonical, head().triangles, mask, count, rng)
        strands = comb_brows(roots, surface, rng)
        drawn = ribbons(twin(strands, rng), _BROW_WIDTH, linear(look.brow), rng)
        finer = (0.05 + 0.4 * drawn.along**2)[:, None]  # than a sample: tips let the skin through
        drawn = drawn._replace(colours=(1 - finer) * drawn.colours + finer * linear(look.skin))
        self._add_rooted("brows", drawn, roots, darkest=0.7)

    def _add_rooted(self, name: str, drawn: Ribbons, roots: Roots, *, darkest: float) -> None:
        """Add short hairs that follow the skin; `darkest` is how light they are at the root."""
        shade = np.stack([np.ones(len(drawn.along)), darkest + (1 - darkest) * drawn.along], axis=1)
        self.scene.add(
            name,
            drawn.triangles,
            Material.HAIR,
            drawn.colours,
            drawn.positions,
            drawn.tangents,
            uvs=np.full((len(drawn.along), 2), 0.95),  # single hairs, of one light, where the grain is dark
            shade=shade,
            rigid=True,
            hair_shine=0.35,
        )
        self._rooted[name] = roots, drawn.positions

    def _add_lashes(self) -> None:
        base = base_mesh().vertices
        for name, part in _lash_parts().items():
            lash = part.points(base)[part.corner_points]
            left = name.startswith("left")
            from_eye = lash - fit_sphere(base[LEFT_EYE if left else RIGHT_EYE])[0]
            reach = np.linalg.norm(from_eye, axis=1)
            reach = (reach - reach.min()) / np.ptp(reach)
            angle = np.arctan2(from_eye[:, 0] * (1 if left else -1), from_eye[:, 1])
            upper = float(from_eye[:, 1].mean() > 0)
            self.scene.add(
                name,
                part.corner_triangles,
                Material.LASH,
                np.tile(linear("#15100e"), (len(lash), 1)),
                lash,
                lash,
                uvs=np.stack([angle, np.full(len(lash), 13.0)], axis=1),
                shade=np.stack([np.full(len(lash), upper), reach], axis=1),
                rigid=True,
                casts_shadow=False,
            )

    def _add_cloth(self, name: str, cloth: Cloth) -> None:
        self.scene.add(
            name,
            cloth.triangles,
            Material.CLOTH,
            cloth.colours,
            cloth.positions,
            cloth.normals,
            canonical=cloth.canonical,
            uvs=np.stack(
                [
                    np.zeros(len(cloth.positions)) if cloth.cut is None else cloth.cut,
                    np.full(len(cloth.positions), NO_SEAM) if cloth.seam is None else cloth.seam,
                ],
                axis=1,
            ),
        )

    def _shade(self, renderer: Renderer) -> None:
        """Bake occlusion; inside the mouth it goes by depth, since the lips are closed while it is measured."""
        lashes = _lash_parts()
        renderer.occlude(
            self.scene, [name for name in self.scene.meshes if name not in _UNSHADED and name not in lashes]
        )
        if self._scarf:  # maps of depth tell nothing of what lies so close under the sheet
            self.scene.set_shade("lining", shade_lining(self._scarf["lining"]))
        shade = self.scene.meshes["skin"].shade.copy()
        ears, relief = ear_relief(self.points)
        shade[ears, 0] = np.clip(shade[ears, 0] * np.exp(relief), 0.06, 1)
        inside = shade[:, 1] > 0.3  # noqa: PLR2004 - half of what the shader calls inside
        depth = head().canonical[head().corner_points][inside, 2]
        shade[inside, 0] = 0.12 + 0.5 * smoothstep(1.2, 1.5, depth)
        self._skin_shade = shade
        self._unfold_lids(0)
        for name, part in mouth_parts().items():
            depth = part.canonical[part.corner_points, 2]
            self.scene.set_shade(
                name, np.stack([0.15 + 0.6 * smoothstep(1.0, 1.45, depth), np.zeros(len(depth))], axis=1)
            )


def _off_forehead(canonical: Floats) -> Floats:
    """Say where hair that is combed back grows, 0 to 1: a root further ahead would make a fringe."""
    return smoothstep(1.42, 1.35, canonical[:, 2])


def _fairness(look: Look) -> float:
    """Say how likely a skin has freckles, 0 to 1: by how light it is."""
    return float(smoothstep(0.35, 0.6, linear(look.skin) @ np.array([0.3, 0.55, 0.15])))


def _eyes(base: Floats) -> list[Eye]:
    return [fit_sphere(base[helper]) for helper in (LEFT_EYE, RIGHT_EYE)]


def _lids_over_eyes(points: Floats, eyes: list[Eye], rest: Floats, rest_eyes: list[Eye]) -> Floats:
    """Lift whatever an expression presses into an eyeball; what lies there at rest, inside a lid, stays below it."""
    for (centre, radius), (rest_centre, rest_radius) in zip(eyes, rest_eyes, strict=True):
        outwards = points - centre
        distance = np.linalg.norm(outwards, axis=1) / radius
        floor = np.minimum(np.linalg.norm(rest - rest_centre, axis=1) / rest_radius, _LID)
        sunken = (distance < floor) & (outwards[:, 2] > 0.5 * radius)
        points[sunken] += outwards[sunken] * (floor[sunken] / distance[sunken] - 1)[:, None]
    return points


def _lash_parts() -> dict[str, Part]:
    names = ("left_lash_1", "left_lash_2", "right_lash_1", "right_lash_2")
    return dict(zip(names, eyelashes(), strict=True))


@cache
def _lid_mask() -> Floats:
    """Say which corners of the skin lie on or around the lids, 0 to 1."""
    x, y, _ = head().canonical[head().corner_points].T
    return np.exp(-(((np.abs(x) - 0.31) / 0.2) ** 4) - ((y - 7.32) / 0.12) ** 4)


@cache
def _nearest(place: tuple[float, float, float]) -> int:
    """Find the head's point at a canonical place."""
    return int(np.abs(head().canonical - np.array(place)).sum(axis=1).argmin())


def _unit(vectors: Floats) -> Floats:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
