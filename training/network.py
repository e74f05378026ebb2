"""The lip network: Wav2Lip's layout, narrower, with the mouth's shape made explicit and a head that moves pixels.

Two things differ from the generator of Prajwal et al. 2020 (arXiv 2008.10010), whose 36.3 M parameters are scaled by
`WIDTH` squared:

- What the audio encoder hears is squeezed through the twelve face units of a track (`phonemes.UNITS`). So each half
  learns from what is plentiful: `hearing` from hours of synthesised speech without a single picture, `drawing` from
  rendered pairs whose units are known exactly. Drawn straight from sound, a mouth that could be two shapes is trained
  to be their average, which is a blur.
- The head moves the pixels of the idle face (a flow), paints what cannot be moved (teeth, the inside of the mouth),
  and blends the two. Lips so stay as sharp as the footage, and skin keeps its colour. A first guess of flow, paint
  and blend is linear in the units: since every crop frames its face alike, an opening jaw moves roughly the same
  pixels in all of them, and the layers have only the person and the pose to add. It saves hours of training.

Axes: B batch, K = 12 face units; pictures are (B, 3, 96, 96), RGB in [0, 1].
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from faces.shapes import UNITS
from worker.mel import MelWindow

WIDTH = 0.25
CROP = 96
HEARD = MelWindow(frames=32, before=16)
"""200 ms from the frame's start on, as Wav2Lip hears, and 200 ms before it, which cost no latency."""

_FARTHEST_FLOW = 0.4  # of half the crop: 19 pixels, more than a jaw can move
_COARSE = 24  # pixels of the coarse maps
_COARSE_GAIN = 10.0  # they reach their size in a tenth of the steps
STILL_UNTIL = 0.04  # below this all units are noise of the hearing, and the idle mouth is left as it is
_MOVING_FROM = 0.12


class Drawn(NamedTuple):
    """The finished mouth and the pictures it is blended from, each of which has a loss of its own."""

    mouth: Tensor  # (B, 3, 96, 96)
    painted: Tensor  # (B, 3, 96, 96)
    moved: Tensor  # (B, 3, 96, 96)
    blend: Tensor  # (B, 1, 96, 96); 1 shows the painted picture


class Hearing(nn.Module):
    """Mel window → face units.

    Wav2Lip's audio encoder halves and thirds the time axis until one column is left. This one keeps it: residual
    blocks whose reach grows see 32 mel frames from each place in a spectrogram. A longer spectrogram therefore gives
    all its mouths at once, which makes training many times cheaper than window by window.
    """

    def __init__(self, channels: int = 160) -> None:
        super().__init__()
        self.bands = nn.Sequential(
            nn.Conv2d(1, 16, (5, 3), (2, 1), (2, 0)), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, 3, (2, 1), (1, 0)), nn.BatchNorm2d(32), nn.ReLU(),
        )  # fmt: skip
        self.join = nn.Sequential(nn.Conv1d(32 * 20, channels, 1), nn.BatchNorm1d(channels), nn.ReLU())
        self.blocks = nn.Sequential(*(_Reach(channels, reach) for reach in (1, 2, 3, 3, 4)))
        self.units = nn.Sequential(
            nn.Conv1d(channels, channels, 2), nn.ReLU(), nn.Conv1d(channels, len(UNITS), 1)
        )

    def forward(self, mel: Tensor) -> Tensor:
        """Take windows (B, 1, 80, 32), return (B, K)."""
        return self.sequence(mel).flatten(1)

    def sequence(self, mel: Tensor) -> Tensor:
        """Take spectrograms (B, 1, 80, T + 31), return the units of every window in them, (B, K, T)."""
        units: Tensor = self.units(self.blocks(self.join(self.bands(mel).flatten(1, 2))))
        return units


class Drawing(nn.Module):
    """Face units and the idle face → the speaking mouth: Wav2Lip's face encoder and decoder, and our head."""

    def __init__(self, width: float = WIDTH) -> None:
        super().__init__()
        c16, c32, c64, c128, c256, c384, c512 = (
            _channels(n, width) for n in (16, 32, 64, 128, 256, 384, 512)
        )
        self.embed = nn.Sequential(nn.Linear(len(UNITS), c512), nn.ReLU(), nn.Linear(c512, c512))
        self.encoder = nn.ModuleList([
            nn.Sequential(Block(6, c16, kernel=7, padding=3)),  # 96
            nn.Sequential(Block(c16, c32, stride=2), Residual(c32), Residual(c32)),  # 48
            nn.Sequential(Block(c32, c64, stride=2), Residual(c64), Residual(c64), Residual(c64)),  # 24
            nn.Sequential(Block(c64, c128, stride=2), Residual(c128), Residual(c128)),  # 12
            nn.Sequential(Block(c128, c256, stride=2), Residual(c256), Residual(c256)),  # 6
            nn.Sequential(Block(c256, c512, stride=2), Residual(c512)),  # 3
            nn.Sequential(Block(c512, c512, padding=0), Block(c512, c512, kernel=1, padding=0)),  # 1
        ])  # fmt: skip
        self.decoder = nn.ModuleList([
            nn.Sequential(Block(c512, c512, kernel=1, padding=0)),  # 1
            nn.Sequential(_Up(2 * c512, c512, stride=1, padding=0), Residual(c512)),  # 3
            nn.Sequential(_Up(2 * c512, c512), Residual(c512), Residual(c512)),  # 6
            nn.Sequential(_Up(c512 + c256, c384), Residual(c384), Residual(c384)),  # 12
            nn.Sequential(_Up(c384 + c128, c256), Residual(c256), Residual(c256)),  # 24
            nn.Sequential(_Up(c256 + c64, c128), Residual(c128), Residual(c128)),  # 48
            nn.Sequential(_Up(c128 + c32, c64), Residual(c64), Residual(c64)),  # 96
        ])  # fmt: skip
        self.head = Block(c64 + c16, c64)
        self.fine = nn.Conv2d(c64, 6, 1)  # flow x and y, red, green, blue, blend
        self.coarse = nn.Linear(len(UNITS), 6 * _COARSE**2, bias=False)
        for parameter in (*self.fine.parameters(), *self.coarse.parameters()):
            nn.init.zeros_(parameter)
        axis = (torch.arange(CROP) + 0.5) * 2 / CROP - 1
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self.register_buffer("grid", torch.stack([x, y], -1)[None], persistent=False)  # (1, 96, 96, 2)

    def forward(self, units: Tensor, face: Tensor) -> Drawn:
        """Draw.

        Args:
            units: (B, K).
            face: (B, 6, 96, 96): the idle face with its lower half blanked, then the idle face.
        """
        skips = []
        x = face
        for layer in self.encoder:
            x = layer(x)
            skips.append(x)
        x = self.embed(units)[:, :, None, None]  # (B, 512w, 1, 1)
        for layer in self.decoder:
            x = torch.cat([layer(x), skips.pop()], 1)
        x = self.head(x)  # (B, 64w, 96, 96)

        return self._blend(self.fine(x) + self._coarse_maps(units), units, face)

    def sketch(self, units: Tensor, face: Tensor) -> Drawn:
        """Draw by the linear guess alone, at a tenth of the cost: how training starts."""
        return self._blend(self._coarse_maps(units), units, face)

    def _coarse_maps(self, units: Tensor) -> Tensor:
        maps = _COARSE_GAIN * self.coarse(units).view(-1, 6, _COARSE, _COARSE)
        return functional.interpolate(maps, size=(CROP, CROP), mode="bilinear", align_corners=False)

    def _blend(self, maps: Tensor, units: Tensor, face: Tensor) -> Drawn:
        """Apply maps (B, 6, 96, 96): flow x and y, red, green, blue, blend; all of them before their squashing."""
        moving = (units.abs().amax(1) - STILL_UNTIL) / (_MOVING_FROM - STILL_UNTIL)
        moving = moving.clamp(0, 1)[:, None, None, None]  # (B, 1, 1, 1)
        flow = _FARTHEST_FLOW * moving * torch.tanh(maps[:, :2])  # (B, 2, 96, 96)
        moved = functional.grid_sample(
            face[:, 3:], self.grid + flow.permute(0, 2, 3, 1), padding_mode="border", align_corners=False
        )
        painted = torch.sigmoid(maps[:, 2:5])
        blend = moving * torch.sigmoid(maps[:, 5:])
        return Drawn(moved + blend * (painted - moved), painted, moved, blend)


class LipNetwork(nn.Module):
    """Both halves as one graph: the mel window and the face in, the mouth out."""

    def __init__(self, hearing: Hearing, drawing: Drawing) -> None:
        super().__init__()
        self.hearing = hearing
        self.drawing = drawing

    def forward(self, mel: Tensor, face: Tensor) -> Tensor:
        """Take (B, 1, 80, 32) and (B, 6, 96, 96), return (B, 3, 96, 96)."""
        return self.drawing(self.hearing(mel), face).mouth


def _channels(full: int, width: float) -> int:
    return max(8, int(full * width))


class _Reach(nn.Module):
    """A residual block over time that shortens it by `reach` at either end."""

    def __init__(self, channels: int, reach: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(channels, channels, 3, dilation=reach), nn.BatchNorm1d(channels), nn.ReLU(),
            nn.Conv1d(channels, channels, 1), nn.BatchNorm1d(channels),
        )  # fmt: skip
        self.reach = reach

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.body(x) + x[..., self.reach : -self.reach])


class Block(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 3,
        stride: int | tuple[int, int] = 1,
        padding: int = 1,
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel, stride, padding), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Take and return (B, C, height, width)."""
        return functional.relu(self.body(x))


class Residual(Block):
    """A block that adds its input before the ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Take and return (B, C, height, width)."""
        return functional.relu(self.body(x) + x)


class _Up(nn.Module):
    """Transposed convolution, batch normalisation, ReLU; doubles the size unless `stride` is 1."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 2, padding: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ConvTranspose2d(inputs, outputs, 3, stride, padding, output_padding=stride - 1),
            nn.BatchNorm2d(outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.body(x))
