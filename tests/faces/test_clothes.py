"""What people wear: where it ends, and where it is sewn."""

import numpy as np
import pytest

from faces.clothes import sew
from faces.geometry import phenotype
from faces.scarf import drape
from faces.subdivision import head
from training.cast import CAST


@pytest.fixture(scope="module")
def points():
    return head().points(phenotype())


@pytest.mark.parametrize("name", ["arab_man", "arab_woman"])
def test_a_scarf_has_no_teeth_beyond_its_edge_that_would_cast_shadows(name, points):
    chosen = CAST[name].scarf
    assert chosen

    scarf = drape(chosen, points)

    assert scarf.cut is not None
    assert scarf.cut[scarf.triangles].min() >= 0


@pytest.mark.parametrize("name", ["european_man", "mexican_man"])
def test_the_stitches_of_a_collar_run_along_its_leaf_near_the_edge(name, points):
    collar = sew(CAST[name].clothes, points, head().normals(points))["collar"]
    assert collar.seam is not None
    rows = collar.seam.reshape(-1, 12)

    assert np.all(rows[:, -1] < 0)
    assert np.mean(rows[:, 5] > 0) > 0.9


def test_a_jacket_is_sewn_at_shoulders_and_lapels_and_the_shirt_below_it_is_not(points):
    pieces = sew(CAST["european_man"].clothes, points, head().normals(points))
    jacket = pieces["jacket"]

    assert pieces["cloth"].seam is None
    assert jacket.seam is not None
    for side in (-1, 1):
        there = jacket.seam[side * jacket.canonical[:, 0] > 0.4]
        assert there.min() < 0 < there.max()
