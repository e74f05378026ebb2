"""Face units and a few sharp pictures of a mouth → the speaking mouth, as sharp as they are.

The references show one person at one pose: the idle mouth, then the shapes of `shapes.py`. For each of them the
network says where every pixel of the speaking mouth is found in it, and how much to trust what is found there; then
the moved references are blended. Teeth, lips, beards and shading so come from pictures, and nothing is painted but a
faint change of light. The network looks at the references at 96 pixels, but its maps are applied to all of theirs.
Those lie pixel on pixel on the frame of footage and are somewhat larger than the mouth's box, whose place in them goes
with them: so each pixel is fetched once, from where it was filmed, and nothing is scaled on its way to the viewer.

Four things keep training short:

- A first guess of the flow is linear in the units, and in the units times a rough description of the face, since each
  crop frames its face alike; it is fitted to the flows of the training set by least squares before the first step.
- The flow is trained on its truth as well: the renderer knows where each point of a face lies in each reference.
- A reference is trusted the more, the nearer its shape is; the layers only have to learn exceptions.
- What the layers see last are the references already moved, so what is out of place lies side by side.

Axes: B batch, K = 12 face units, R references; pictures are RGB in [0, 1].
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from faces.shapes import SHAPES, SIZE, UNITS, units
from training.network import CROP, STILL_UNTIL, Block, Hearing, Residual

REFERENCES = 1 + len(SHAPES)

CELLS = CROP // 2  # of a rough flow's side
TRAITS = 24  # numbers that describe a face to the guess
_GLANCE = 12  # pixels of the references that they are taken from
_MODES = 64  # flows that the guess mixes
_FINEST = 0.15  # of half a crop: how far the layers may correct a flow
_CAUTION = 12.0  # how much less to trust a reference in which a point is thought to be hidden
_KEPT = 5.0  # how much more to trust the idle mouth where it does not move, so that the footage is left alone
_STILL = 1.5 * 2 / SIZE  # moved by less than this, in halves of a crop
_CRISP = 0.15  # how far to make good what fetching between pixels and encoding the films blur
_FEATHER = 9 / 96  # of the mouth's box: over this much its border gives way to the footage
_FAINT = 0.25  # how far the light may change
_MOVING_FROM = 0.12
_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722  # of brightness (BT.709)
_PRESSED = 0.25  # from here on lips close harder, see `speaking_face`


class Maps(NamedTuple):
    """What the network says about a mouth, whatever the size of its references."""

    rough: Tensor  # (B, 2R, 48, 48): where each pixel is found in each reference, in halves of a crop
    flow: Tensor  # (B, 2R, 96, 96): the same, corrected
    shares: Tensor  # (B, R, 96, 96): how much of each reference to show, sum 1
    light: Tensor  # (B, 3, 96, 96): added to luma and chroma
    moving: Tensor  # (B, 1, 1, 1): 0 where the units are silent, 1 where they speak


class Morphing(nn.Module):
    """Draws by moving and blending references; a small U-Net, its decoder modulated by the units."""

    def __init__(self) -> None:
        super().__init__()
        c48, c24, c12, c6, last = 16, 40, 64, 96, 24  # channels at each size, and of the decoder's end
        self.encoder = nn.ModuleList([
            nn.Sequential(Block(3 * REFERENCES, c48, kernel=5, stride=2, padding=2), Residual(c48)),
            nn.Sequential(Block(c48, c24, stride=2), Residual(c24)),
            nn.Sequential(Block(c24, c12, stride=2), Residual(c12)),
            nn.Sequential(Block(c12, c6, stride=2), Residual(c6)),
        ])  # fmt: skip
        self.decoder = nn.ModuleList([
            Block(c6, c6),
            Block(c6 + c12, c12),
            Block(c12 + c24, c24),
            Block(c24 + c48, last),
        ])  # fmt: skip
        self.modulated = (c6, c12, c24, last)
        self.embed = nn.Sequential(
            nn.Linear(_FEATURES, 64), nn.ReLU(), nn.Linear(64, 2 * sum(self.modulated))
        )
        self.rough = nn.Conv2d(last, 3 * REFERENCES, 1)  # flows x and y, trust
        self.bring = nn.Conv2d(last, 8, 1)
        self.compare = nn.Sequential(Block(2 * REFERENCES + 8, 16), Block(16, 16))
        self.fine = nn.Conv2d(16, 3 * REFERENCES + 3, 1)  # flows x and y, trust, light
        self.describe = nn.Linear(REFERENCES * _GLANCE**2, TRAITS)
        self.mix = nn.Linear(_FEATURES * (1 + TRAITS), _MODES, bias=False)
        # Most of the weights are here; they are fitted once and need no more than half of the bits.
        modes = torch.zeros(3 * REFERENCES * CELLS**2, _MODES, dtype=torch.float16)
        self.modes = nn.Parameter(modes, requires_grad=False)
        for parameter in (*self.rough.parameters(), *self.fine.parameters()):
            nn.init.zeros_(parameter)
        self.nearness = nn.Parameter(torch.tensor(8.0))
        shapes = torch.stack([torch.zeros(len(UNITS)), *(torch.from_numpy(units(shape)) for shape in SHAPES)])
        self.register_buffer("shapes", shapes, persistent=False)  # (R, K)

    def forward(self, units: Tensor, references: Tensor, framing: Tensor) -> Tensor:
        """Draw.

        Args:
            units: (B, K).
            references: (B, R, 3, S, S), the idle mouth first.
            framing: (B, 3), the mouth's box in them: centre x and y, side; in pixels.

        Returns:
            (B, 3, S, S).

        """
        centres, side = framing[:, :2, None], framing[:, 2:, None]  # (B, 2, 1) and (B, 1, 1)
        size = references.shape[-1]  # of any size, also in the graph
        of_box = (torch.arange(CROP, device=framing.device) + 0.5) / CROP - 0.5
        inwards = _tents(centres + side * of_box - 0.5, size, side / CROP)  # (B, 2, 96, S)
        small = inwards[:, 1:] @ references.flatten(1, 2) @ inwards[:, :1].transpose(2, 3)  # (B, 3R, 96, 96)
        maps = self.look(units, small)

        of_square = (
            torch.arange(size, device=framing.device) + 0.5 - centres
        ) / side  # -0.5 to 0.5 in the box
        outwards = _tents((of_square + 0.5) * CROP - 0.5, CROP, torch.ones_like(side))  # (B, 2, S, 96)
        large = (
            outwards[:, 1:]
            @ torch.cat([maps.flow, maps.shares, maps.light], 1)
            @ outwards[:, :1].transpose(2, 3)
        )
        flow, shares, light = large.split([2 * REFERENCES, REFERENCES, 3], dim=1)
        flow = flow * (side[..., None] / size)  # in halves of the square
        mouth = self.blend(Maps(maps.rough, flow, shares, light, maps.moving), references)
        inside = ((0.5 - of_square.abs()) / _FEATHER).clamp(0, 1)  # (B, 2, S)
        fade = torch.minimum(inside[:, :1, None], inside[:, 1:, :, None])
        return references[:, 0] + fade * (mouth - references[:, 0])

    def look(self, units: Tensor, small: Tensor) -> Maps:
        """Work out the maps from references at 96 pixels, (B, 3R, 96, 96)."""
        rough, trust, x = self.search(units, small)
        rough_96, trust = _resize(rough, CROP), _resize(trust, CROP)
        moved = move(luma(small.unflatten(1, (REFERENCES, 3))), rough_96)
        maps = self.fine(self.compare(torch.cat([moved, trust, _resize(self.bring(x), CROP)], 1)))
        flow, more_trust, light = maps.split([2 * REFERENCES, REFERENCES, 3], dim=1)

        moving = (units.abs().amax(1) - STILL_UNTIL) / (_MOVING_FROM - STILL_UNTIL)
        moving = moving.clamp(0, 1)[:, None, None, None]
        flow = rough_96 + _FINEST / 2 * torch.tanh(flow)
        flow = torch.cat([moving * flow[:, :2], flow[:, 2:]], 1)
        others = moving * torch.softmax(trust + more_trust, 1)[:, 1:]
        shares = torch.cat([1 - others.sum(1, keepdim=True), others], 1)
        return Maps(rough, flow, shares, moving * _FAINT * torch.tanh(light), moving)

    def search(self, units: Tensor, small: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the rough flow, the trust in each reference (B, R, 48, 48) and what led to them."""
        features = features_of(units)
        mixed = self.mix(self.with_traits(features, glance(small)))
        guess = functional.linear(mixed, self.modes.float()).view(-1, 3 * REFERENCES, CELLS, CELLS)
        flow_guess, seen_guess = guess.split([2 * REFERENCES, REFERENCES], dim=1)
        x, skips = small, []
        for layer in self.encoder:
            x = layer(x)
            skips.append(x)
        x = skips.pop()
        modulation = self.embed(features)[:, :, None, None].split([2 * n for n in self.modulated], dim=1)
        for layer, scale_shift in zip(self.decoder, modulation, strict=True):
            x = layer(x)
            scale, shift = scale_shift.chunk(2, dim=1)
            x = x * (1 + scale) + shift
            if skips:
                x = torch.cat([_resize(x, 2 * x.shape[-1]), skips.pop()], 1)
        flow, trust = self.rough(x).split([2 * REFERENCES, REFERENCES], dim=1)
        flow = flow_guess + _FINEST * torch.tanh(flow)
        trust = trust + _CAUTION * seen_guess.clamp(0, 1) - self.nearness * self.distances(units)
        trust = torch.cat([trust[:, :1] + _KEPT * (1 - _how_moved(flow)), trust[:, 1:]], 1)
        return flow, trust, x

    def blend(self, maps: Maps, references: Tensor) -> Tensor:
        """Apply maps to references of their size: to the detail of brightness in full, to all else at half.

        Half is what video keeps of colour. Detail is that of the most trusted reference alone, since of two that lie
        half a pixel apart the mean shows none.
        """
        size = references.shape[-1]
        bright = luma(references)  # (B, R, S, S)
        half = functional.avg_pool2d(references.flatten(1, 2), 2).unflatten(1, (REFERENCES, 3))
        coarse = luma(half)  # (B, R, S/2, S/2)
        planes = torch.cat([coarse[:, :, None], chroma(half)], 2).flatten(1, 2)  # (B, 3R, S/2, S/2)
        moved = move(planes, functional.avg_pool2d(maps.flow, 2)).unflatten(1, (REFERENCES, 3))
        blended = (functional.avg_pool2d(maps.shares, 2)[:, :, None] * moved).sum(1)
        blended = _resize(blended, size) + maps.light

        detail = _fetch(bright - _resize(coarse, size), maps.flow, maps.shares.argmax(1, keepdim=True))
        crisp = 1 + _CRISP * _how_moved(maps.flow)
        mouth = _rgb(blended[:, :1] + crisp * detail, blended[:, 1:])
        idle = _rgb(bright[:, :1], _resize(planes[:, 1:3], size))
        return mouth + (1 - maps.moving) * (references[:, 0] - idle)  # at rest the finest colour is kept, too

    def with_traits(self, features: Tensor, glanced: Tensor) -> Tensor:
        """Put beside the features (B, F) their products with what `glance` shows of the face; (B, F (1 + traits))."""
        traits = self.describe(glanced)
        return torch.cat([features, (features[:, :, None] * traits[:, None]).flatten(1)], 1)

    def distances(self, units: Tensor) -> Tensor:
        """Say how far the units are from each reference's; (B, R, 1, 1)."""
        return (units[:, None] - self.shapes).square().sum(2)[:, :, None, None]


class ReferenceLips(nn.Module):
    """Hearing and morphing as the graph that the worker runs: bytes in, bytes out."""

    def __init__(self, hearing: Hearing, morphing: Morphing) -> None:
        super().__init__()
        self.hearing = hearing
        self.morphing = morphing

    def forward(self, mel: Tensor, references: Tensor, framing: Tensor) -> Tensor:
        """Take (B, 1, 80, T), uint8 (B, R, S, S, 3) and (B, 3), return uint8 (B, S, S, 3)."""
        pictures = references.permute(0, 1, 4, 2, 3).float() / 255
        mouth = self.morphing(self.hearing(mel), pictures, framing)
        return (mouth * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def glance(small: Tensor) -> Tensor:
    """Look at references (B, 3R, 96, 96) from afar, whatever the light: (B, R 12 12), mean 0 and deviation 1."""
    bright = luma(small.unflatten(1, (REFERENCES, 3)))
    seen = functional.avg_pool2d(bright, CROP // _GLANCE).flatten(1)
    seen = seen - seen.mean(1, keepdim=True)
    return seen / seen.square().mean(1, keepdim=True).sqrt()


def features_of(units: Tensor) -> Tensor:
    """Put beside the units what a face makes of them (`speaking_face`): lips that touch, lips that press; (B, 15)."""
    value = dict(zip(UNITS, units.unbind(1), strict=True))
    apart = (
        value["jawOpen"]
        + 0.5 * value["mouthLowerDown"]
        + 0.25 * value["mouthRollLower"]
        + 0.35 * value["mouthFunnel"]
    )
    touching = (1 - apart / 0.16).clamp(0, 1)
    pressed = (value["mouthPress"] > _PRESSED).to(units.dtype)
    return torch.cat([units, torch.stack([touching, pressed, torch.ones_like(apart)], 1)], 1)


_FEATURES = len(UNITS) + 3


def _how_moved(flow: Tensor) -> Tensor:
    """Say where the idle mouth moves, 0 to 1; (B, 2R, s, s) to (B, 1, s, s)."""
    return (flow[:, :2].square().sum(1, keepdim=True).add(1e-8).sqrt() / _STILL).clamp(max=1)


def _grid(size: int) -> Tensor:
    """Return where the pixels of a picture are, (1, size, size, 2) in [-1, 1]."""
    axis = (torch.arange(size, dtype=torch.float32) + 0.5) * 2 / size - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], -1)[None]


def _tents(places: Tensor, count: int, reach: Tensor) -> Tensor:
    """Return how much each of `count` pixels adds to what is seen at places between them.

    Args:
        places: (B, 2, N), in pixels from the middle of the first.
        count: C.
        reach: (B, 1, 1), how far a place sees, at least one pixel.

    Returns:
        (B, 2, N, C), rows of sum 1.

    """
    away = (_within(places, count)[..., None] - torch.arange(count, device=places.device)).abs()
    weights = (1 - away / reach.clamp(min=1)[..., None]).clamp(min=0)
    return weights / weights.sum(-1, keepdim=True)


def _within(places: Tensor, count: int) -> Tensor:
    """Keep places within so many pixels, of which a graph that is traced learns only when it runs."""
    return places.clamp(min=0).minimum(torch.zeros_like(places) + (count - 1))


def _resize(maps: Tensor, size: int) -> Tensor:
    return functional.interpolate(maps, size=(size, size), mode="bilinear", align_corners=False)


def move(planes: Tensor, flow: Tensor) -> Tensor:
    """Fetch the planes (B, nR, s, s) of each reference along its flow (B, 2R, s, s), linearly between pixels."""
    channels, size = (
        planes.shape[1],
        flow.shape[-1],
    )  # the exporter knows how large planes are, but of one size alone
    flow = flow.reshape(-1, 2, size, size).permute(0, 2, 3, 1)
    each = planes.reshape(-1, channels // REFERENCES, size, size)
    moved = functional.grid_sample(each, _grid(size) + flow, padding_mode="border", align_corners=False)
    return moved.view(-1, channels, size, size)


def _fetch(planes: Tensor, flow: Tensor, chosen: Tensor) -> Tensor:
    """Fetch each pixel along the flow into one reference, by cubics, which keep what is sharp.

    Args:
        planes: one of each reference, (B, R, s, s).
        flow: (B, 2R, s, s).
        chosen: which reference, (B, 1, s, s).

    Returns:
        (B, 1, s, s).

    """
    size = flow.shape[-1]
    along = flow.unflatten(1, (REFERENCES, 2)).gather(1, chosen[:, :, None].expand(-1, -1, 2, -1, -1))[:, 0]
    place = (_grid(size).permute(0, 3, 1, 2) + along + 1) * (size / 2) - 0.5
    place = _within(place, size)  # (B, 2, s, s), in pixels
    first = place.floor()
    across, down = _cubic(place - first).unbind(2)  # (B, 4, s, s) each
    width = size + 3
    padded = functional.pad(planes, (1, 2, 1, 2), mode="replicate").flatten(1)
    column, row = first.long().unbind(1)
    corner = ((chosen[:, 0] * width + row) * width + column)[:, None]  # (B, 1, s, s)
    taps = corner + torch.arange(4, device=planes.device)[:, None, None]  # (B, 4, s, s)
    rows = [  # one at a time, for all sixteen taps of a batch take a hundred megabytes
        (padded.gather(1, (taps + k * width).flatten(1)).view_as(across) * across).sum(1, keepdim=True)
        for k in range(4)
    ]
    return (torch.cat(rows, 1) * down).sum(1, keepdim=True)


def _cubic(part: Tensor) -> Tensor:
    """Weigh the four neighbours of a place by cubic convolution (Keys 1981, with a = -0.75).

    Args:
        part: how far it lies behind the second of them, 0 to 1; (B, 2, s, s).

    Returns:
        (B, 4, 2, s, s), of sum 1.

    """
    rest = 1 - part
    before, after = -0.75 * part * rest.square(), -0.75 * rest * part.square()
    here = (1.25 * part - 2.25) * part.square() + 1
    return torch.stack([before, here, 1 - before - here - after, after], 1)


def luma(pictures: Tensor) -> Tensor:
    """Return the brightness of pictures, (..., 3, s, s) to (..., s, s)."""
    red, green, blue = pictures.unbind(-3)
    return _RED * red + _GREEN * green + _BLUE * blue


def chroma(pictures: Tensor) -> Tensor:
    """Return how much redder and bluer than bright pictures are, (..., 2, s, s)."""
    bright = luma(pictures)
    return torch.stack([pictures[..., 0, :, :] - bright, pictures[..., 2, :, :] - bright], -3)


def _rgb(bright: Tensor, colour: Tensor) -> Tensor:
    """Undo `luma` and `chroma`: (B, 1, s, s) and (B, 2, s, s) to (B, 3, s, s)."""
    red, blue = colour[:, :1], colour[:, 1:]
    green = -(_RED * red + _BLUE * blue) / _GREEN
    return bright + torch.cat([red, green, blue], 1)
