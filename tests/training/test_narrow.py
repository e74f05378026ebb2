"""How channels are left out of a pair of convolutions."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training group is not installed")
narrow = pytest.importorskip("training.narrow", reason="the training group is not installed")

CHANNELS, INNER, TAPS, TIMES = 8, 16, 3, 4_000


@pytest.fixture
def pair():
    """Styles that change nothing, and random weights."""
    torch.manual_seed(1)
    pair = narrow.Pair(CHANNELS, INNER, TAPS, 3).requires_grad_(requires_grad=False)
    for styled in pair.styled:
        styled.bias[: len(styled.bias) // 2] = 1
    return pair


def left(pair, width):
    """Leave channels out; the signal above the error that it makes."""
    x, style = torch.randn(1, CHANNELS, TIMES), torch.zeros(1, 128)
    inside = pair.inside(x, style)
    less = narrow.fitted(pair, [inside], [pair(x, style) - x], width)
    theirs, ours = pair(x, style) - x, less(x, style) - x
    return less, float(10 * torch.log10((theirs**2).sum() / ((theirs - ours) ** 2).sum()))


def test_channels_that_nobody_hears_go_first_and_nothing_is_lost(pair):
    unheard = [1, 6, 7, 12]
    pair.convolutions[1].weight[:, unheard] = 0

    less, above = left(pair, INNER - len(unheard))

    stays = [channel for channel in range(INNER) if channel not in unheard]
    assert torch.equal(less.convolutions[0].weight, pair.convolutions[0].weight[stays])
    assert above > 50


def test_what_another_channel_repeats_is_made_up_for(pair):
    first = pair.convolutions[0]
    first.weight[5], first.bias[5] = first.weight[2], first.bias[2]

    _, above = left(pair, INNER - 1)

    assert above > 40


def test_the_less_stays_the_more_is_lost_but_less_than_without_a_fit(pair):
    widths = (14, 12, 8, 4)

    lost = [left(pair, width) for width in widths]

    assert [above for _, above in lost] == sorted((above for _, above in lost), reverse=True)
    assert [less.inner for less, _ in lost] == list(widths)
    assert lost[-1][1] > 0


def test_how_near_two_sounds_are_is_told_in_decibels():
    rng = np.random.default_rng(1)
    sound = rng.normal(size=24_000).astype(np.float32)
    noise = rng.normal(size=24_000).astype(np.float32)

    (above, apart), (louder_above, louder_apart) = (
        narrow.near(sound, sound + level * noise) for level in (np.float32(0.1), np.float32(0.5))
    )

    assert above == pytest.approx(20, abs=0.3)
    assert louder_above == pytest.approx(6, abs=0.3)
    assert 0 < apart < louder_apart
