"""Makes the decoder of the natural voices narrower, without learning: leaves channels out, and fits what stays.

    python -m training narrow narrow.onnx                   writes the half of the graph that sounds
    python -m training narrow narrow.onnx --seconds 120     fitted to so much speech

Nothing of it ships: docs/figures.md has what it costs and how near it comes. Learning by gradient would start here.

Nearly all of the time goes to 24 pairs of convolutions, x + conv2(bend(conv1(bend(x)))), all as wide inside as outside.
Here each loses inner channels, one after the other: those go whose loss the others can make up for best (backward
elimination, as in Optimal Brain Surgeon, of all taps of a channel at once), and conv2 is fitted by least squares to
what the whole network has behind the pair, from what the narrow one has before it. So errors do not add up.

Axes: B batch, here 1; C channels; T times: 800 Hz in the first stage, 4,800 Hz in the second.
"""

import copy
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from spoken.languages import LANGUAGES
from worker.speech import Speaker
from worker.speech.kokoro_weights import CHOSEN, FRAMES, cache_folder, float_graph, halves
from worker.speech.melody import sung
from worker.speech.onnx_rewriting import Rewriting

_SENTENCES = Path(__file__).parents[1] / "bench" / "sentences"
_VALUES, _WEIGHTS = "/decoder/decoder/generator/", "decoder.decoder.generator."
_FEATURES = "/decoder/decoder/decode.3/Div_4_output_0"  # (B, 512, t) at 80 Hz
_SOURCE = f"{_VALUES}Concat_3_output_0"  # its spectrum, (B, 22, 60 t + 1)
_STYLE = 128  # numbers of the style that the decoder hears
_LONGEST = 360  # times at 80 Hz that are fitted to at once
_DILATIONS = (1, 3, 5)
_TAPS = {
    "noise_res.0": 7, "resblocks.0": 3, "resblocks.1": 7, "resblocks.2": 11,
    "noise_res.1": 11, "resblocks.3": 3, "resblocks.4": 7, "resblocks.5": 11,
}  # fmt: skip
_WIDE, _RATES = (256, 128), (800, 4_800)  # channels of the two stages, Hz
WIDTHS = {
    "noise_res.0": (96, 96, 96), "resblocks.0": (240, 240, 256), "resblocks.1": (144, 192, 192),
    "resblocks.2": (112, 144, 144),
    "noise_res.1": (32, 32, 32), "resblocks.3": (112, 96, 48), "resblocks.4": (112, 128, 64),
    "resblocks.5": (80, 96, 48),
}  # fmt: skip
"""Inner channels that stay, in sixteens, as ONNX Runtime takes them.

Chosen by how the error of each pair grows with what it loses, beside the energy behind it, for what it costs: the first
two of three are worth more than the last, whose error nothing bends any more; the source is worth least.
"""
_RIDGE = 1e-3  # of the mean energy of a feature: how strongly weights stay as they were
_DROPPED = 8  # a part of the channels that go at once


class Taken(NamedTuple):
    """What the generator takes for one utterance, as in the graph."""

    features: Tensor
    source: Tensor
    style: Tensor


class _Styled(nn.Module):
    """Normalizes over time, scales and shifts by the style, and bends: u + sin²(u)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(_STYLE, 2 * channels))
        self.bias = nn.Parameter(torch.zeros(2 * channels))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        scale, shift = (style @ self.weight + self.bias)[..., None].chunk(2, 1)
        variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        u = (x - mean) * (variance + 1e-5).rsqrt() * scale + shift
        return u + torch.sin(u) ** 2


class Pair(nn.Module):
    """Two convolutions and what is before each."""

    def __init__(self, channels: int, inner: int, taps: int, dilation: int) -> None:
        super().__init__()
        self.taps, self.inner, self.dilation = taps, inner, dilation
        self.styled = nn.ModuleList([_Styled(channels), _Styled(inner)])
        first = nn.Conv1d(channels, inner, taps, dilation=dilation, padding=(taps - 1) * dilation // 2)
        self.convolutions = nn.ModuleList([first, nn.Conv1d(inner, channels, taps, padding=(taps - 1) // 2)])

    def inside(self, x: Tensor, style: Tensor) -> Tensor:
        """Return what the second convolution takes, (B, inner, T)."""
        return self.styled[1](self.convolutions[0](self.styled[0](x, style)), style)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Add what both make of a signal, (B, C, T)."""
        return x + self.convolutions[1](self.inside(x, style))


class Generator(nn.Module):
    """Kokoro's generator, without its source and its inverse Fourier transform."""

    def __init__(self) -> None:
        super().__init__()
        for name, taps in _TAPS.items():
            wide = _WIDE[_stage(name)]
            pairs = nn.ModuleList([Pair(wide, wide, taps, dilation) for dilation in _DILATIONS])
            self.add_module(name.replace(".", " "), pairs)
        self.sources = nn.ModuleList([nn.Conv1d(22, 256, 12, stride=6, padding=3), nn.Conv1d(22, 128, 1)])
        first = nn.ConvTranspose1d(512, 256, 20, stride=10, padding=5)
        self.ups = nn.ModuleList([first, nn.ConvTranspose1d(256, 128, 12, stride=6, padding=3)])
        self.last = nn.Conv1d(128, 22, 7, padding=3)

    def block(self, name: str) -> nn.ModuleList:
        """Return the three pairs of a block, to be changed in place."""
        return self.get_submodule(name.replace(".", " "))  # type: ignore[return-value]  # what was added

    def up(self, stage: int, x: Tensor) -> Tensor:
        """Go up to a stage's rate."""
        x = self.ups[stage](functional.leaky_relu(x, 0.1))
        return functional.pad(x, (1, 0), mode="reflect") if stage else x

    def forward(self, taken: Taken) -> Tensor:
        """Return logarithms of magnitudes and what phases are the sine of, (B, 22, T)."""
        x = taken.features
        for stage in (0, 1):
            heard = self.sources[stage](taken.source)
            for pair in self.block(f"noise_res.{stage}"):
                heard = pair(heard, taken.style)
            x = self.up(stage, x) + heard
            outcomes = []
            for name in _blocks(stage):
                outcome = x
                for pair in self.block(name):
                    outcome = pair(outcome, taken.style)
                outcomes.append(outcome)
            x = torch.stack(outcomes).mean(0)
        return self.last(functional.leaky_relu(x, 0.01))

    def cost(self) -> float:
        """Count the multiplications of all pairs for a second of speech, in thousands of millions."""
        return sum(
            2 * pair.inner * _WIDE[_stage(name)] * pair.taps * _RATES[_stage(name)] / 1e9
            for name in _TAPS
            for pair in self.block(name)
        )


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seconds", default=60.0, show_default=True, help="Speech to fit to.")
@click.option("--sentences", default=16, show_default=True, help="Held-out ones to compare.")
def main(out: Path, seconds: float, sentences: int) -> None:
    """Make the natural voices' decoder narrower, and tell how near it comes."""
    torch.set_num_threads(1)
    choosing, sounding = (half.read_bytes() for half in halves(float_graph(cache_folder(os.environ))))
    model = onnx.load_model_from_string(sounding)
    with torch.inference_mode():
        whole = generator(model.graph)
        taken: list[Taken] = []
        for one in _said(choosing, model, held_out=False):
            if one.features.shape[-1] <= _LONGEST:
                taken.append(one)
                if sum(each.features.shape[-1] for each in taken) / 80 >= seconds:
                    break
        narrow = narrowed(whole, taken)
        del taken
        click.echo(f"{whole.cost():.1f} to {narrow.cost():.1f} GMAC for a second of speech")
        write(narrow, model.graph)
        onnx.save(model, out)
        nearness = []
        for _, one in zip(range(sentences), _said(choosing, model, held_out=True), strict=False):
            nearness.append(near(*(_sound(network(one)) for network in (whole, narrow))))
            click.echo("speech above the error {:.1f} dB, spectra {:.2f} dB apart".format(*nearness[-1]))
        click.echo("all: {:.1f} dB, {:.2f} dB".format(*np.mean(nearness, axis=0)))


def generator(graph: onnx.GraphProto) -> Generator:
    """Read the whole generator from the rewritten graph."""
    stored = {weight.name: _tensor(weight) for weight in graph.initializer}
    network = Generator().requires_grad_(requires_grad=False)
    for name in _TAPS:
        for index, pair in enumerate(network.block(name)):
            for place, (styled, convolution) in enumerate(
                zip(pair.styled, pair.convolutions, strict=True), 1
            ):
                names = _names(name, index, place)
                alpha = stored[names["alpha"]].reshape(-1).repeat(2)
                ones = torch.cat([torch.ones(len(alpha) // 2), torch.zeros(len(alpha) // 2)])
                styled.weight.copy_(stored[names["style"]] * alpha)
                styled.bias.copy_((stored[names["style bias"]].reshape(-1) + ones) * alpha)
                convolution.weight.copy_(stored[names["weights"]][:, :, 0])
                convolution.bias.copy_(stored[names["bias"]])
    others = {
        "noise_convs.0": (network.sources[0], f"{_VALUES}noise_convs.0/Conv_output_0 weights"),
        "noise_convs.1": (network.sources[1], f"{_VALUES}noise_convs.1/Conv_output_0 weights"),
        "ups.0": (network.ups[0], f"{_VALUES}Mul_output_0"),
        "ups.1": (network.ups[1], f"{_VALUES}Mul_1_output_0"),
        "conv_post": (network.last, f"{_VALUES}Mul_2_output_0"),
    }
    for name, (layer, weights) in others.items():
        layer.weight.copy_(stored[weights].reshape(layer.weight.shape))
        layer.bias.copy_(stored[f"{_WEIGHTS}{name}.bias"])
    return network


def narrowed(whole: Generator, taken: Sequence[Taken]) -> Generator:
    """Fit a narrower generator to a whole one, block by block, as the sound goes through them."""
    narrow = copy.deepcopy(whole)
    styles = [one.style for one in taken]
    # Of both networks, in this order, for each utterance.
    both = [[one.features for one in taken]] * 2
    for stage in (0, 1):
        heard = [[network.sources[stage](one.source) for one in taken] for network in (whole, narrow)]
        heard = _fit_block(f"noise_res.{stage}", whole, narrow, heard, styles)
        both = [
            [whole.up(stage, x) + source for x, source in zip(xs, sources, strict=True)]
            for xs, sources in zip(both, heard, strict=True)
        ]
        total = [[torch.zeros_like(x) for x in xs] for xs in both]
        for name in _blocks(stage):
            outcomes = _fit_block(name, whole, narrow, both, styles)
            for sums, xs in zip(total, outcomes, strict=True):
                for one, x in zip(sums, xs, strict=True):
                    one.add_(x / 3)
        both = total
    return narrow


def _fit_block(
    name: str, whole: Generator, narrow: Generator, both: list[list[Tensor]], styles: Sequence[Tensor]
) -> list[list[Tensor]]:
    """Make the pairs of a block narrower; what both networks have behind it."""
    theirs, ours = both
    for index, pair in enumerate(whole.block(name)):
        theirs = [pair(x, style) for x, style in zip(theirs, styles, strict=True)]
        inside = [pair.inside(x, style) for x, style in zip(ours, styles, strict=True)]
        missing = [wanted - x for wanted, x in zip(theirs, ours, strict=True)]
        less = fitted(pair, inside, missing, WIDTHS[name][index])
        narrow.block(name)[index] = less
        ours = [less(x, style) for x, style in zip(ours, styles, strict=True)]
        error = sum(float(((x - y) ** 2).sum()) for x, y in zip(theirs, ours, strict=True))
        energy = sum(float(((x - x.mean(-1, keepdim=True)) ** 2).sum()) for x in theirs)
        told = f"{name}.{index}: {pair.inner} to {less.inner}, {10 * np.log10(energy / error):.1f} dB"
        click.echo(told)
    return [theirs, ours]


def fitted(pair: Pair, inside: Sequence[Tensor], missing: Sequence[Tensor], width: int) -> Pair:
    """Leave inner channels out of a pair, and fit its second convolution.

    Args:
        pair: the whole one.
        inside: what its second convolution takes, (1, inner, T) for each utterance.
        missing: what it is to make of it, (1, C, T).
        width: how many channels stay.
    """
    taps, second = pair.taps, pair.convolutions[1]
    times = sum(one.shape[-1] for one in inside)
    mean_inside, mean_missing = (
        sum(one[0].double().sum(1) for one in ones) / times for ones in (inside, missing)
    )
    # A convolution's features are the same signals at several lags, so that correlations by lag are all that it needs.
    lags = torch.zeros(taps, pair.inner, pair.inner, dtype=torch.float64)
    wanted = torch.zeros(pair.inner, taps, second.out_channels, dtype=torch.float64)
    for x, y in zip(inside, missing, strict=True):
        centred, target = x[0] - mean_inside.float()[:, None], y[0] - mean_missing.float()[:, None]
        length = centred.shape[-1]
        for lag in range(taps):
            lags[lag] += centred[:, : length - lag] @ centred[:, lag:].T
            late = lag - (taps - 1) // 2
            heard = centred[:, max(0, late) : length + min(0, late)]
            wanted[:, lag] += heard @ target[:, max(0, -late) : length + min(0, -late)].T
    products = torch.empty(pair.inner, taps, pair.inner, taps, dtype=torch.float64)
    for i in range(taps):
        for j in range(taps):
            products[:, i, :, j] = lags[j - i] if j >= i else lags[i - j].T
    size = pair.inner * taps
    gram, aim = products.reshape(size, size), wanted.reshape(size, -1)
    before = second.weight.permute(1, 2, 0).reshape(size, -1).double()
    ridge = _RIDGE * gram.diagonal().mean()
    kept, weights = _eliminated(
        gram + ridge * torch.eye(size, dtype=gram.dtype), aim + ridge * before, taps, width
    )

    less = Pair(second.out_channels, width, taps, pair.dilation).requires_grad_(requires_grad=False)
    less.styled[0].load_state_dict(pair.styled[0].state_dict())
    of_style = torch.cat([kept, kept + pair.inner])
    less.styled[1].weight.copy_(pair.styled[1].weight[:, of_style])
    less.styled[1].bias.copy_(pair.styled[1].bias[of_style])
    less.convolutions[0].weight.copy_(pair.convolutions[0].weight[kept])
    less.convolutions[0].bias.copy_(pair.convolutions[0].bias[kept])
    less.convolutions[1].weight.copy_(weights.reshape(width, taps, -1).permute(2, 0, 1))
    offset = weights.reshape(width, taps, -1).sum(1).T @ mean_inside[kept]
    less.convolutions[1].bias.copy_(mean_missing - offset)
    return less


def _eliminated(gram: Tensor, aim: Tensor, taps: int, width: int) -> tuple[Tensor, Tensor]:
    """Leave channels out, those first that cost least; which stay, and the weights of their taps."""
    kept = torch.arange(len(gram) // taps)
    while True:
        rows = (kept[:, None] * taps + torch.arange(taps)).reshape(-1)
        root = torch.linalg.cholesky(gram[rows][:, rows])
        if len(kept) == width:
            return kept, torch.cholesky_solve(aim[rows], root)
        inverse, count = torch.cholesky_inverse(root), len(kept)
        each = torch.arange(count)
        own = inverse.reshape(count, taps, count, taps)[each, :, each]
        weights = (inverse @ aim[rows]).reshape(count, taps, -1)
        costs = (torch.linalg.solve(own, weights) * weights).sum((1, 2))
        dropped = costs.argsort()[: min(count - width, max(2, count // _DROPPED))]
        stays = torch.ones(count, dtype=torch.bool)
        stays[dropped] = False
        kept = kept[stays]


def write(network: Generator, graph: onnx.GraphProto) -> None:
    """Put a generator's pairs into the graph that it was read from."""
    rewriting = Rewriting(graph)
    del graph.value_info[:]  # which tells the old shapes
    for name in _TAPS:
        for index, pair in enumerate(network.block(name)):
            for place, (styled, convolution) in enumerate(
                zip(pair.styled, pair.convolutions, strict=True), 1
            ):
                names = _names(name, index, place)
                width = len(styled.bias) // 2
                ones = torch.cat([torch.ones(width), torch.zeros(width)])
                old_bias = rewriting.value(names["style bias"])
                rewriting.keep(names["alpha"], np.ones((1, width, 1), np.float32))
                rewriting.keep(names["style"], styled.weight.numpy())
                rewriting.keep(
                    names["style bias"],
                    (styled.bias - ones).numpy().reshape(*old_bias.shape[:-1], 2 * width),
                )
                rewriting.keep(names["weights"], convolution.weight[:, :, None].numpy())
                rewriting.keep(names["bias"], convolution.bias.numpy())
                old = rewriting.maker(f"{_VALUES}{name}/adain{place}.{index}/Slice_output_0")
                assert old
                assert old.op_type == "Split"
                parts = rewriting.keep(f"parts of {2 * width}", np.array([width, width], np.int64))
                rewriting.replace(
                    old.output[0], helper.make_node("Split", [old.input[0], parts], old.output, axis=1)
                )
    rewriting.finish()


def near(theirs: np.ndarray, ours: np.ndarray) -> tuple[float, float]:
    """Compare two sounds of equal length: the signal above the error, and how far spectra are apart, in dB.

    Spectra count where a frame is within 50 dB of the loudest, and down to 70 dB below the loudest bin.
    """
    error = 10 * np.log10((theirs**2).sum() / ((theirs - ours) ** 2).sum())
    window = torch.hann_window(1024)
    theirs_, ours_ = (
        torch.stft(torch.from_numpy(one), 1024, 256, window=window, return_complex=True).abs()
        for one in (theirs, ours)
    )
    energy = (theirs_**2).sum(0)
    loud = energy > energy.max() * 1e-5
    floor = theirs_.max() * 10**-3.5
    apart = 20 * torch.log10((theirs_[:, loud] + floor) / (ours_[:, loud] + floor))
    return float(error), float((apart**2).mean(0).sqrt().mean())


def _said(choosing: bytes, sounding: onnx.ModelProto, *, held_out: bool) -> Iterator[Taken]:
    """Say sentences with all voices in turn; what the generator takes for each."""
    cut = onnx.ModelProto.FromString(sounding.SerializeToString())
    del cut.graph.output[:]
    cut.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, None])
        for name in (_FEATURES, _SOURCE)
    )
    Rewriting(cut.graph).finish()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = False
    choose, decode = (
        onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        for graph in (choosing, cut.SerializeToString())
    )
    heard: list[Taken] = []

    def run(inputs, melody):  # noqa: ANN001, ANN202 - as `worker.speech.kokoro.Run`
        *chosen, frames = choose.run([*CHOSEN, FRAMES], dict(inputs))
        given = dict(zip(CHOSEN.values(), sung(chosen, frames, melody), strict=True))
        features, source = decode.run(None, {**given, "style": inputs["style"]})
        style = inputs["style"][:, :_STYLE]
        heard.append(Taken(*map(torch.from_numpy, (features, source, np.array(style)))))
        return np.random.default_rng(0).normal(0, 0.1, 5 * source.shape[-1]).astype(np.float32)

    speaker = Speaker(natural=float_graph(cache_folder(os.environ)), threads=1)
    assert speaker.natural
    speaker.natural._run = run  # noqa: SLF001 - only what is chosen is wanted, not the sound
    voices = [voice for voice in speaker.voices if voice.engine == "kokoro" and not voice.elderly]
    texts = {}
    for language in LANGUAGES:
        parts = (_SENTENCES / f"{language}.txt").read_text(encoding="utf-8").partition("# held out\n")
        texts[language] = parts[2 if held_out else 0].splitlines()
    for turn in range(100):
        for index, voice in enumerate(voices):
            lines = texts[voice.language]
            for _ in speaker.speak(lines[(2 * turn + index) % len(lines)], voice):
                pass
            yield from heard
            heard.clear()


def _sound(spectrum: Tensor) -> np.ndarray:
    """Turn what `Generator` makes into samples, as the graph does; float32, (N,)."""
    waves = torch.polar(torch.exp(spectrum[:, :11]), torch.sin(spectrum[:, 11:]))
    return 1.5 * torch.istft(waves, 20, 5, window=torch.hann_window(20))[0].numpy()


def _names(block: str, index: int, place: int) -> dict[str, str]:
    """Name what is stored of a pair's first or second half."""
    return {
        "alpha": f"{_WEIGHTS}{block}.alpha{place}.{index}",
        "style": f"{_WEIGHTS}{block}.adain{place}.{index}.fc.weight_quantized_float",
        "style bias": f"{_WEIGHTS}{block}.adain{place}.{index}.fc.bias",
        "weights": f"{_VALUES}{block}/convs{place}.{index}/Conv_output_0 weights",
        "bias": f"{_WEIGHTS}{block}.convs{place}.{index}.bias",
    }


def _stage(block: str) -> int:
    return 0 if block in {"noise_res.0", *_blocks(0)} else 1


def _blocks(stage: int) -> tuple[str, ...]:
    return tuple(f"resblocks.{3 * stage + index}" for index in range(3))


def _tensor(weight: onnx.TensorProto) -> Tensor:
    return torch.from_numpy(numpy_helper.to_array(weight).astype(np.float32))


if __name__ == "__main__":
    main()
