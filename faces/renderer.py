"""An off-screen OpenGL renderer for heads: moderngl on EGL, at home on Mesa's llvmpipe without any GPU.

A `Renderer` owns the context, the programs and the picture; a `Scene` owns one person's meshes and textures, so that
a renderer can keep several people at hand. Nothing here knows what a face is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from faces.geometry import Floats, Ints, rotation

Picture = NDArray[np.uint8]
Colour = tuple[float, float, float]

_SHADERS = Path(__file__).with_name("shaders")
_OCCLUSION_SIZE = 384
_GRAIN_SIZE = 512
_REACH = 2.6  # half the width that shadow and occlusion maps cover


class Material(IntEnum):
    """What a mesh is made of, numbered as in `shaders/surface.frag`."""

    SKIN = 0
    EYE = 1
    MOUTH = 2
    HAIR = 3
    CLOTH = 4
    LASH = 5


# What covers others comes first: what it hides is then never shaded.
_FRONT_FIRST = (
    Material.CLOTH,
    Material.HAIR,
    Material.SKIN,
    Material.EYE,
    Material.MOUTH,
    Material.LASH,
)


@dataclass(frozen=True)
class Pose:
    """Where the head is: (pitch, yaw, roll) in radians and a shift in decimetres."""

    angles: Colour = (0.0, 0.0, 0.0)
    shift: Colour = (0.0, 0.0, 0.0)


class Camera(NamedTuple):
    """A view: matrix (4, 4) from world to clip space, and the eye's position (3,)."""

    matrix: Floats
    eye: Floats

    @classmethod
    def looking(cls, target: Floats, *, distance: float, degrees: float) -> "Camera":
        """Look straight at `target` along -z with a square field of view."""
        focal = 1 / np.tan(np.radians(degrees) / 2)
        near, far = 4.0, 40.0
        projection = np.zeros((4, 4))
        projection[0, 0] = projection[1, 1] = focal
        projection[2, 2] = (far + near) / (near - far)
        projection[2, 3] = 2 * far * near / (near - far)
        projection[3, 2] = -1
        eye = target + np.array([0, 0, distance])
        view = np.eye(4)
        view[:3, 3] = -eye
        return cls(projection @ view, eye)

    def cropped(self, box: tuple[float, float, float], size: int) -> "Camera":
        """Fill the picture with a square box (centre x, centre y, side) in pixels of a picture `size` wide."""
        cx, cy, side = box
        zoom = np.diag([size / side, size / side, 1, 1])
        zoom[0, 3] = -(2 * cx / size - 1) * size / side
        zoom[1, 3] = -(1 - 2 * cy / size) * size / side
        return Camera(zoom @ self.matrix, self.eye)

    def project(self, point: Floats, size: int) -> tuple[float, float, float]:
        """Return a point's pixel (x, y) in a picture `size` wide, and how many pixels a decimetre has there."""
        x, y, _, w = self.matrix @ np.append(point, 1)
        scale = np.linalg.norm(self.matrix[1, :3]) / w * size / 2
        return float((x / w + 1) * size / 2), float((1 - y / w) * size / 2), float(scale)


class Elsewhere(NamedTuple):
    """Another picture of a person: its camera, the pose, and meshes' positions by name."""

    camera: Camera
    pose: Pose
    positions: Mapping[str, Floats]


@dataclass(frozen=True)
class Lights:
    """Key, fill and rim light, and the ambient light from below and above (linear colours)."""

    directions: Floats = field(
        default_factory=lambda: np.array([[-0.55, 0.75, 0.9], [0.9, 0.25, 0.75], [0.35, 0.5, -1.0]])
    )
    colours: Floats = field(
        default_factory=lambda: np.array([[1.44, 1.39, 1.33], [0.36, 0.40, 0.48], [1.3, 1.4, 1.6]])
    )
    sky_low: Colour = (0.17, 0.155, 0.15)
    sky_high: Colour = (0.31, 0.32, 0.35)


@dataclass
class Mesh:
    """A mesh on the graphics card with the arrays that occlusion needs again."""

    material: Material
    rigid: bool
    casts_shadow: bool
    hair_shine: float
    moves: bool
    moving: moderngl.Buffer
    shading: moderngl.Buffer
    drawn: moderngl.VertexArray
    depth: moderngl.VertexArray
    positions: Floats
    normals: Floats
    shade: Floats


class Scene:
    """One person: named meshes, textures and the constants of their materials."""

    def __init__(self, renderer: "Renderer", *, height: float) -> None:
        """Start empty.

        Args:
            renderer: whose context holds the buffers.
            height: how much higher this person's chin is than the base mesh's, which moves the neck's pivot and
                the middle of the shadows.

        """
        self._renderer = renderer
        self.height = height
        self.meshes: dict[str, Mesh] = {}
        self.textures: dict[str, moderngl.Texture] = {}
        self.constants: dict[str, Floats | float] = {}
        self.lights = Lights()
        self.backdrop: tuple[Colour, Colour] = ((0.8, 0.82, 0.85), (0.5, 0.55, 0.6))

    @property
    def pivot(self) -> Floats:
        """Where the neck turns, shape (3,)."""
        return np.array([0, 6.0 + self.height, 0.15])

    @property
    def neck(self) -> tuple[float, float]:
        """The heights between which the body gives way to the head."""
        return 5.35 + self.height, 6.25 + self.height

    def place(self, point: Floats, pose: Pose) -> Floats:
        """Say where a point of the head (3,) goes in a pose."""
        return rotation(pose.angles) @ (point - self.pivot) + self.pivot + np.array(pose.shift)

    def set_texture(self, name: str, image: NDArray[np.uint8]) -> None:
        """Upload an image (H, W) or (H, W, C)."""
        self.textures[name] = self._renderer.texture(image)

    def add(
        self,
        name: str,
        triangles: Ints,
        material: Material,
        colours: Floats,
        positions: Floats,
        normals: Floats,
        *,
        canonical: Floats | None = None,
        uvs: Floats | None = None,
        shade: Floats | None = None,
        rigid: bool = False,
        casts_shadow: bool = True,
        hair_shine: float = 1.0,
    ) -> None:
        """Add a mesh of N vertices.

        Args:
            name: to move it by.
            triangles: (T, 3) vertex indices.
            material: what it is made of.
            colours: (N, 3) or (N, 4), linear; for skin the masks of `surface.frag`.
            positions: (N, 3).
            normals: (N, 3); for hair the tangents.
            canonical: (N, 3), the positions when left out.
            uvs: (N, 2).
            shade: (N, 2), what `surface.frag` calls `shading`.
            rigid: turns wholly with the head.
            casts_shadow: is drawn into depth maps.
            hair_shine: strength of the white highlight.

        """
        count = len(positions)
        if colours.shape[1] == 3:  # noqa: PLR2004 - a colour without alpha
            colours = np.c_[colours, np.ones(count)]
        shade = np.tile([1.0, 0.0], (count, 1)) if shade is None else shade
        uvs = np.zeros((count, 2)) if uvs is None else uvs
        still = np.concatenate([colours, positions if canonical is None else canonical, uvs], axis=1)
        moving = self._renderer.buffer(np.concatenate([positions, normals], axis=1).astype("f4"))
        shading = self._renderer.buffer(shade.astype("f4"))
        drawn, depth = self._renderer.vertex_arrays(
            material, moving, self._renderer.buffer(still.astype("f4")), shading, triangles
        )
        self.meshes[name] = Mesh(
            material,
            rigid,
            casts_shadow,
            hair_shine,
            False,
            moving,
            shading,
            drawn,
            depth,
            positions,
            normals,
            shade,
        )

    def move(self, name: str, positions: Floats, normals: Floats) -> None:
        """Give a mesh new positions and normals, each (N, 3)."""
        mesh = self.meshes[name]
        mesh.positions, mesh.normals, mesh.moves = positions, normals, True
        mesh.moving.write(np.concatenate([positions, normals], axis=1).astype("f4").tobytes())

    def set_shade(self, name: str, shade: Floats) -> None:
        """Replace a mesh's shading values (N, 2)."""
        mesh = self.meshes[name]
        mesh.shade = shade
        mesh.shading.write(shade.astype("f4").tobytes())


class Renderer:
    """Draws scenes into a square picture; one context a process."""

    def __init__(self, size: int = 512, *, supersampling: int = 3, shadow_size: int = 1024) -> None:
        """Open a context.

        Args:
            size: side of the picture in pixels.
            supersampling: samples a pixel along each side.
            shadow_size: side of the shadow map in pixels.

        """
        self.size, self.supersampling = size, supersampling
        self._context = moderngl.create_context(standalone=True, backend="egl")  # type: ignore[arg-type]
        self._context.gc_mode = "auto"  # people who are forgotten leave the graphics card as well
        self._context.enable(moderngl.DEPTH_TEST)
        # One program a material: llvmpipe walks through every branch of a shader, taken or not.
        self._surfaces = {
            material: self._program("surface", _pose_source() + f"const int material = {material:d};\n")
            for material in Material
        }
        self._depth = self._program("depth", _pose_source())
        self._trace = self._program("trace", _pose_source())
        self._screen = self._program("screen")
        self._shadow_map = self._context.depth_texture((shadow_size, shadow_size))
        self._shadow_map.compare_func = "<="
        self._shadow_map.repeat_x = self._shadow_map.repeat_y = False
        self._shadow_target = self._context.framebuffer(depth_attachment=self._shadow_map)
        self._still_map = self._context.depth_texture((shadow_size, shadow_size))
        self._still_map.compare_func = ""
        self._still_target = self._context.framebuffer(depth_attachment=self._still_map)
        self._still_shadow: tuple[object, ...] = ()  # what it holds: scene, pose, light
        corners = np.array([-1, -1, 1, -1, -1, 1, 1, 1], "f4")
        self._quad = self._context.vertex_array(self._screen, [(self.buffer(corners), "2f", "position")])
        copy = self._program("copy")
        self._copy = self._context.vertex_array(copy, [(self.buffer(corners), "2f", "position")])
        self._open_target()
        self._trace_targets: dict[int, moderngl.Framebuffer] = {}
        self._grain = self.texture(_grain())
        self._grain.repeat_x = self._grain.repeat_y = True

    def resize(self, size: int, *, supersampling: int) -> None:
        """Draw pictures of another size from now on; the arguments are those of the constructor."""
        if (size, supersampling) != (self.size, self.supersampling):
            for target in (self._target, self._picture):
                for attachment in (*target.color_attachments, target.depth_attachment, target):
                    if attachment is not None:
                        attachment.release()
            self.size, self.supersampling = size, supersampling
            self._open_target()

    def _open_target(self) -> None:
        inner = self.size * self.supersampling
        self._light = self._context.texture((inner, inner), 4, dtype="f2")
        self._target = self._context.framebuffer(
            [self._light], self._context.depth_renderbuffer((inner, inner))
        )
        self._picture = self._context.framebuffer(
            [self._context.texture((self.size, self.size), 3, alignment=1)]
        )

    def texture(self, image: NDArray[np.uint8]) -> moderngl.Texture:
        """Upload an image with mipmaps, its first row on top."""
        height, width = image.shape[:2]
        channels = 1 if image.ndim == 2 else image.shape[2]  # noqa: PLR2004 - grey
        texture = self._context.texture(
            (width, height), channels, np.ascontiguousarray(image[::-1]).tobytes()
        )
        texture.repeat_x = texture.repeat_y = False
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        return texture

    def buffer(self, values: NDArray[np.float32]) -> moderngl.Buffer:
        """Upload an array."""
        return self._context.buffer(np.ascontiguousarray(values).tobytes())

    def vertex_arrays(
        self,
        material: Material,
        moving: moderngl.Buffer,
        still: moderngl.Buffer,
        shading: moderngl.Buffer,
        triangles: Ints,
    ) -> tuple[moderngl.VertexArray, moderngl.VertexArray]:
        """Bind a mesh's buffers to the surface and to the depth program."""
        # Depth comes out the same in whatever order. Along each hair, points are placed once and not twice: that is
        # most of the time of depth maps, in which nothing is shaded.
        in_turn = (
            triangles[np.argsort(triangles[:, 0], kind="stable")] if material is Material.HAIR else triangles
        )
        indices, depth_indices = (
            self._context.buffer(np.ascontiguousarray(order, "i4").tobytes())
            for order in (triangles, in_turn)
        )
        drawn = self._context.vertex_array(
            self._surfaces[material],
            [
                (moving, "3f 3f", "position", "normal"),
                (still, "4f 3f 2f", "colour", "canonical", "uv"),
                (shading, "2f", "shade"),
            ],
            indices,
            skip_errors=True,  # a material that ignores an attribute is compiled without it
        )
        return drawn, self._context.vertex_array(self._depth, [(moving, "3f 12x", "position")], depth_indices)

    def render(self, scene: Scene, camera: Camera, pose: Pose = Pose()) -> Picture:
        """Draw one picture, RGB uint8 of shape (size, size, 3)."""
        lights = scene.lights
        centre = np.array([0, 6.6 + scene.height, 0.4])
        light_matrix = _orthographic(centre, lights.directions[0], _REACH, 4.0)
        for program in (self._depth, *self._surfaces.values()):
            _write(program, "light_matrix", light_matrix.T)
            self._set_pose(program, scene, pose)
        self._cast_shadows(scene, pose)

        self._target.use()
        self._target.clear(0, 0, 0, 0, depth=1.0)
        textures = {"shadow_map": self._shadow_map, "grain": self._grain, **scene.textures}
        constants = {
            "view_matrix": camera.matrix.T,
            "eye": camera.eye,
            "light_directions": lights.directions,
            "light_colours": lights.colours,
            "sky_low": lights.sky_low,
            "sky_high": lights.sky_high,
            **scene.constants,
        }
        for unit, texture in enumerate(textures.values()):
            texture.use(unit)
        for program in self._surfaces.values():
            for unit, name in enumerate(textures):
                if name in program:
                    program[name] = unit
            for name, value in constants.items():
                _write(program, name, value)
        for mesh in sorted(scene.meshes.values(), key=lambda mesh: _FRONT_FIRST.index(mesh.material)):
            program = self._surfaces[mesh.material]
            program["rigid"] = mesh.rigid
            _write(program, "hair_shine", mesh.hair_shine)
            mesh.drawn.render()
        return self._develop(scene)

    def trace(
        self, scene: Scene, camera: Camera, pose: Pose, there: Elsewhere, size: int
    ) -> NDArray[np.float32]:
        """Say where the points seen in a picture lie in another picture of the same person.

        Args:
            scene: as it is in the picture.
            camera: of the picture.
            pose: of the picture.
            there: the other picture; only the meshes that it names are looked at.
            size: side of the picture in pixels.

        Returns:
            The place in [-1, 1] (right, down), its distance from the camera, and 1 where any of the meshes is seen;
            shape (size, size, 4).

        """
        target = self._trace_target(size)
        target.use()
        target.clear(depth=1.0)
        self._set_pose(self._trace, scene, pose)
        _write(self._trace, "view_matrix", camera.matrix.T)
        _write(self._trace, "view_matrix_there", there.camera.matrix.T)
        _write(self._trace, "angles_there", there.pose.angles)
        _write(self._trace, "shift_there", there.pose.shift)
        for name, positions in there.positions.items():
            mesh = scene.meshes[name]
            other = self.buffer(positions.astype("f4"))
            drawn = self._context.vertex_array(
                self._trace,
                [(mesh.moving, "3f 12x", "position"), (other, "3f", "elsewhere")],
                mesh.drawn.index_buffer,
            )
            self._trace["rigid"] = mesh.rigid
            drawn.render(vertices=mesh.drawn.vertices)
            drawn.release()
            other.release()
        traced = (
            np.frombuffer(target.read(components=4, dtype="f4"), "f4").reshape(size, size, 4)[::-1].copy()
        )
        traced[..., 1] *= -1
        return traced

    def occlude(self, scene: Scene, names: Iterable[str], *, directions: int = 32) -> None:
        """Write into meshes how much sky their vertices see, from depth maps in many directions."""
        names = list(names)
        self._set_pose(self._depth, scene, Pose())
        # Floats of 32 bits, and no more of them than need be: this is a fifth of a portrait.
        positions = {name: scene.meshes[name].positions.astype("f4") for name in names}
        normals = {name: scene.meshes[name].normals.astype("f4") for name in names}
        visible = {name: np.zeros(len(positions[name]), "f4") for name in names}
        total = {name: np.full(len(positions[name]), 1e-6, "f4") for name in names}
        centre = np.array([0, 6.6 + scene.height, 0.3])
        for direction in _sphere_directions(directions):
            matrix = _orthographic(centre, direction, _REACH, _REACH * 1.5)
            depth = self._depth_map(scene, matrix).ravel()
            to_map = ((matrix + matrix[3])[:3] / 2).astype("f4")  # from [-1, 1] to [0, 1]
            for name in names:
                x, y, z = to_map[:, :3] @ positions[name].T + to_map[:, 3:]
                column, row = (
                    np.clip(side * np.float32(_OCCLUSION_SIZE), 0, _OCCLUSION_SIZE - 1).astype("i4")
                    for side in (x, y)
                )
                free = z <= depth[row * _OCCLUSION_SIZE + column] + np.float32(0.02 / (_REACH * 3))
                if scene.meshes[name].material is Material.HAIR:
                    visible[name] += free
                    total[name] += 1
                    continue
                weight = np.maximum(normals[name] @ direction.astype("f4"), 0)
                visible[name] += weight * free
                total[name] += weight
        for name in names:
            sky = np.clip(visible[name] / total[name], 0, 1)
            shade = scene.meshes[name].shade.copy()
            shade[:, 0] = (0.08 + 0.92 * sky) ** 1.2
            scene.set_shade(name, shade)

    def _trace_target(self, size: int) -> moderngl.Framebuffer:
        if size not in self._trace_targets:
            texture = self._context.texture((size, size), 4, dtype="f4")
            depth = self._context.depth_renderbuffer((size, size))
            self._trace_targets[size] = self._context.framebuffer([texture], depth)
        return self._trace_targets[size]

    def drop_hidden(
        self, scene: Scene, name: str, directions: Floats, *, depth: float, aside: float = 0.0
    ) -> None:
        """Leave out a mesh's triangles that are never seen.

        Args:
            scene: the person.
            name: of the mesh.
            directions: from where it may be seen, (D, 3).
            depth: how far behind what is seen it is drawn all the same.
            aside: how far from what hides it; what moves against the rest needs as much.
        """
        mesh = scene.meshes[name]
        pixels = 2 * round(aside / (2 * _REACH) * _OCCLUSION_SIZE) + 1
        around = np.ones((pixels, pixels), np.uint8)
        near = np.zeros(len(mesh.positions), bool)
        centre = np.array([0, 6.6 + scene.height, 0.3])
        for direction in directions:
            matrix = _orthographic(centre, direction, _REACH, _REACH * 1.5)
            front = cv2.dilate(self._depth_map(scene, matrix), around)
            x, y, z = ((mesh.positions @ matrix[:3, :3].T + matrix[:3, 3]) + 1).T / 2
            column, row = (
                np.clip((side * _OCCLUSION_SIZE).astype(int), 0, _OCCLUSION_SIZE - 1) for side in (x, y)
            )
            near |= z <= front[row, column] + depth / (_REACH * 3)
        for array in (mesh.drawn, mesh.depth):
            triangles = np.frombuffer(array.index_buffer.read(), "i4").reshape(-1, 3)
            kept = triangles[near[triangles].any(axis=1)]
            array.index_buffer.write(kept.tobytes())
            array.vertices = kept.size

    @cached_property
    def _occlusion(self) -> tuple[moderngl.Framebuffer, moderngl.Texture]:
        texture = self._context.depth_texture((_OCCLUSION_SIZE, _OCCLUSION_SIZE))
        return self._context.framebuffer(depth_attachment=texture), texture

    def _depth_map(self, scene: Scene, matrix: Floats) -> NDArray[np.float32]:
        target, texture = self._occlusion
        target.use()
        target.clear(depth=1.0)
        _write(self._depth, "light_matrix", matrix.T)
        self._draw_depth(scene.meshes.values())
        return np.frombuffer(texture.read(), "f4").reshape(texture.size)

    def _cast_shadows(self, scene: Scene, pose: Pose) -> None:
        """Draw the shadow map; hair, which takes longest, only once for all faces that are made at one pose."""
        still = (scene, pose, *scene.lights.directions[0])
        if still != self._still_shadow:
            self._still_target.use()
            self._still_target.clear(depth=1.0)
            self._draw_depth(mesh for mesh in scene.meshes.values() if not mesh.moves)
            self._still_shadow = still
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        self._still_map.use(0)
        self._copy.render(moderngl.TRIANGLE_STRIP)
        self._draw_depth(mesh for mesh in scene.meshes.values() if mesh.moves)

    def _draw_depth(self, meshes: Iterable[Mesh]) -> None:
        """Draw what casts a shadow into the depth target in use."""
        for mesh in meshes:
            if mesh.casts_shadow:
                self._depth["rigid"] = mesh.rigid
                mesh.depth.render()

    def _set_pose(self, program: moderngl.Program, scene: Scene, pose: Pose) -> None:
        _write(program, "angles", pose.angles)
        _write(program, "shift", pose.shift)
        _write(program, "pivot", scene.pivot)
        _write(program, "neck", scene.neck)

    def _develop(self, scene: Scene) -> Picture:
        self._picture.use()
        self._context.disable(moderngl.DEPTH_TEST)
        self._light.use(0)
        self._screen["picture"] = 0
        self._screen["backdrop_centre"], self._screen["backdrop_edge"] = scene.backdrop
        self._screen["samples"] = self.supersampling
        self._quad.render(moderngl.TRIANGLE_STRIP)
        self._context.enable(moderngl.DEPTH_TEST)
        pixels = np.frombuffer(self._picture.read(alignment=1), np.uint8)
        return pixels.reshape(self.size, self.size, 3)[::-1]

    def _program(self, name: str, preamble: str = "") -> moderngl.Program:
        vertex, fragment = ((_SHADERS / f"{name}.{kind}").read_text() for kind in ("vert", "frag"))
        start = "#version 330\n" + preamble
        return self._context.program(start + vertex, start + fragment)


def _pose_source() -> str:
    return (_SHADERS / "pose.glsl").read_text()


def _write(program: moderngl.Program, name: str, value: object) -> None:
    """Set a uniform, unless the compiler found that the program has no use for it."""
    if isinstance(uniform := program.get(name, None), moderngl.Uniform):
        uniform.write(np.ascontiguousarray(value, "f4").tobytes())


def _orthographic(centre: Floats, direction: Floats, reach: float, depth: float) -> Floats:
    """Look at `centre` from `direction` without perspective, `reach` to each side. Shape (4, 4)."""
    towards = direction / np.linalg.norm(direction)
    near_vertical = abs(towards[1]) > 0.9  # noqa: PLR2004 - any limit that keeps the cross product long
    side = np.cross([0, 0, 1.0] if near_vertical else [0, 1.0, 0], towards)
    side /= np.linalg.norm(side)
    matrix = np.eye(4)
    matrix[0, :3] = side / reach
    matrix[1, :3] = np.cross(towards, side) / reach
    matrix[2, :3] = -towards / depth
    matrix[:3, 3] = -(matrix[:3, :3] @ centre)
    return matrix


def _sphere_directions(count: int) -> Floats:
    """Spread directions evenly over the sphere on a golden spiral, shape (count, 3)."""
    index = np.arange(count) + 0.5
    y = 1 - 2 * index / count
    angle = np.pi * (1 + 5**0.5) * index
    radius = np.sqrt(1 - y * y)
    return np.stack([np.cos(angle) * radius, y, np.sin(angle) * radius], axis=1)


def _grain() -> NDArray[np.uint8]:
    """Make a tile of smooth noise with mean one half; seeded, since pores must not crawl between renders."""
    rng = np.random.default_rng(3)
    noise = np.zeros((_GRAIN_SIZE, _GRAIN_SIZE))
    for cells, weight in ((32, 0.35), (64, 0.35), (128, 0.3)):
        octave = np.pad(rng.random((cells, cells)), ((0, 1), (0, 1)), "wrap")
        noise += weight * cv2.resize(octave, noise.shape, interpolation=cv2.INTER_CUBIC)
    return (np.clip((noise - noise.mean()) / noise.std() * 0.22 + 0.5, 0, 1) * 255).astype(np.uint8)
