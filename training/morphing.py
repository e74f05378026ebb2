"""Face units and a few sharp pictures of a mouth → the speaking mouth, as sharp as they are.

The references show one person at one pose: the idle mouth, then the shapes of `shapes.py`. For each of them the
network says where every pixel of the speaking mouth is found in it, and how much to trust what is found there; then
the moved references are blended. Teeth, lips, beards and shading so come from pictures, and nothing is painted but a
faint change of light. The network looks at the references at 96 pixels, but its maps are applied to all of theirs.

Four things keep training short:

- A first guess of the flow is linear in the units and the same for everybody, since each crop frames its face alike;
  it is fitted to the flows of the training set by least squares before the first step.
- The flow is trained on its truth as well: the renderer knows where each point of a face lies in each reference.
- A reference is trusted the more, the nearer its shape is; the layers only have to learn exceptions.
- What the layers see last are the references already moved, so what is out of place lies side by side.

Axes: B batch, K = 12 face units, R references; pictures are RGB in [0, 1].
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.network import CROP, Block, Hearing, Residual
from training.phonemes import UNITS
from training.shapes import SHAPES, SIZE, units

REFERENCES = 1 + len(SHAPES)

_COARSE = 24  # pixels of the coarse flow
_FINEST = 0.15  # of half a crop: how far the layers may correct a flow
_FAINT = 0.25  # how far the light may change
_STILL_UNTIL = 0.04  # below this all units are noise of the hearing, and the idle mouth is left as it is
_MOVING_FROM = 0.12
_PRESSED = 0.25  # from here on lips close harder, see `speaking_face`


class Morphed(NamedTuple):
    """The speaking mouth and what it is blended from."""

    mouth: Tensor  # (B, 3, S, S)
    moved: Tensor  # (B, R, 3, S, S)
    shares: Tensor  # (B, R, S, S), sum 1
    flows: tuple[Tensor, ...]  # (B, R, 2, s, s) at growing s, in halves of a crop


class Morphing(nn.Module):
    """Draws by moving and blending references; a small U-Net, its decoder modulated by the units."""

    def __init__(self) -> None:
        super().__init__()
        c48, c24, c12, c6 = 24, 48, 64, 96  # channels at each size
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
            Block(c24 + c48, 32),
        ])  # fmt: skip
        self.modulated = (c6, c12, c24, 32)
        self.embed = nn.Sequential(
            nn.Linear(_FEATURES, 64), nn.ReLU(), nn.Linear(64, 2 * sum(self.modulated))
        )
        self.maps = nn.Conv2d(32, 3 * REFERENCES, 1)  # flows x and y, trust
        self.bring = nn.Conv2d(32, 8, 1)
        self.look = nn.Sequential(Block(4 * REFERENCES + 8, 16), Block(16, 16))
        self.fine = nn.Conv2d(16, 3 * REFERENCES + 3, 1)  # flows x and y, trust, light
        self.coarse = nn.Linear(_FEATURES, 2 * REFERENCES * _COARSE**2, bias=False)
        for layer in (self.maps, self.fine, self.coarse):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)
        self.nearness = nn.Parameter(torch.tensor(6.0))
        shapes = torch.stack([torch.zeros(len(UNITS)), *(torch.from_numpy(units(shape)) for shape in SHAPES)])
        self.register_buffer("shapes", shapes, persistent=False)  # (R, K)
        for size in (CROP, SIZE):
            self.register_buffer(f"grid_{size}", _grid(size), persistent=False)

    def forward(self, units: Tensor, references: Tensor) -> Morphed:
        """Draw.

        Args:
            units: (B, K).
            references: (B, R, 3, S, S), the idle mouth first.

        """
        features = _features(units)
        small = functional.interpolate(
            references.flatten(1, 2), size=(CROP, CROP), mode="bilinear", align_corners=False
        )  # (B, 3R, 96, 96)
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
        maps = self.maps(x)  # (B, 3R, 48, 48)
        flow = self.guess(features, CROP // 2) + _FINEST * torch.tanh(maps[:, : 2 * REFERENCES])
        trust = maps[:, 2 * REFERENCES :] - self.nearness * self._distances(units)
        rough = _resize(flow, CROP)
        moved = _move(small.view(-1, 3, CROP, CROP), rough, self.grid_96)  # (B R, 3, 96, 96)
        seen = torch.cat([moved.view(-1, 3 * REFERENCES, CROP, CROP), _resize(trust, CROP)], 1)
        maps = self.fine(self.look(torch.cat([seen, _resize(self.bring(x), CROP)], 1)))
        fine = rough + _FINEST / 2 * torch.tanh(maps[:, : 2 * REFERENCES])
        trust = seen[:, -REFERENCES:] + maps[:, 2 * REFERENCES : 3 * REFERENCES]
        light = _FAINT * torch.tanh(maps[:, 3 * REFERENCES :])

        moving = (units.abs().amax(1) - _STILL_UNTIL) / (_MOVING_FROM - _STILL_UNTIL)
        moving = moving.clamp(0, 1)[:, None, None, None]  # (B, 1, 1, 1)
        whole = _resize(torch.cat([fine, trust, light], 1), SIZE)
        flow, trust, light = whole.split([2 * REFERENCES, REFERENCES, 3], dim=1)
        flow = torch.cat([moving * flow[:, :2], flow[:, 2:]], 1)
        others = moving * torch.softmax(trust, 1)[:, 1:]
        shares = torch.cat([1 - others.sum(1, keepdim=True), others], 1)  # (B, R, S, S)
        moved = _move(references.flatten(0, 1), flow, self.grid_144).view_as(references)
        mouth = (shares[:, :, None] * moved).sum(1) + moving * light
        flows = tuple(x.view(len(x), REFERENCES, 2, *x.shape[2:]) for x in (rough, fine))
        return Morphed(mouth, moved, shares, flows)

    def guess(self, features: Tensor, size: int) -> Tensor:
        """Return the linear guess of all flows, (B, 2R, size, size)."""
        return _resize(self.coarse(features).view(-1, 2 * REFERENCES, _COARSE, _COARSE), size)

    def _distances(self, units: Tensor) -> Tensor:
        """Say how far the units are from each reference's; (B, R, 1, 1)."""
        return (units[:, None] - self.shapes).square().sum(2)[:, :, None, None]


class ReferenceLips(nn.Module):
    """Hearing and morphing as the graph that the worker runs: bytes in, bytes out."""

    def __init__(self, hearing: Hearing, morphing: Morphing) -> None:
        super().__init__()
        self.hearing = hearing
        self.morphing = morphing

    def forward(self, mel: Tensor, references: Tensor) -> Tensor:
        """Take (B, 1, 80, T) and uint8 (B, R, S, S, 3), return uint8 (B, S, S, 3)."""
        pictures = references.permute(0, 1, 4, 2, 3).float() / 255
        mouth = self.morphing(self.hearing(mel), pictures).mouth
        return (mouth * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def _features(units: Tensor) -> Tensor:
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


def _grid(size: int) -> Tensor:
    """Return where the pixels of a picture are, (1, size, size, 2) in [-1, 1]."""
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], -1)[None]


def _resize(maps: Tensor, size: int) -> Tensor:
    return functional.interpolate(maps, size=(size, size), mode="bilinear", align_corners=False)


def _move(pictures: Tensor, flow: Tensor, grid: Tensor) -> Tensor:
    """Fetch pictures (B R, 3, s, s) along flows (B, 2R, s, s)."""
    flow = flow.reshape(-1, 2, *flow.shape[2:]).permute(0, 2, 3, 1)
    return functional.grid_sample(pictures, grid + flow, padding_mode="border", align_corners=False)
