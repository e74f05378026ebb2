"""What the measures of many calls are."""

import pytest

from bench.load import percentile


@pytest.mark.parametrize(
    ("values", "p50", "p99"),
    [([4066.0] + [68.0] * 19, 68, 4066), (list(range(1, 201)), 100, 198), ([7.0], 7, 7)],
)
def test_a_percentile_is_a_value_that_there_was(values, p50, p99):
    assert (percentile(values, 0.5), percentile(values, 0.99)) == (p50, p99)
