"""Crops larger than the resized image: padded as torchvision does it.

Truth: ``torchvision.transforms.v2.functional.center_crop``.
"""

import numpy as np
import pytest
import torch
from torchvision.transforms.v2.functional import center_crop

from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models.model import fit_to_input


@pytest.mark.parametrize("resize", range(122, 134))
@pytest.mark.parametrize("size", [(129, 129), (128, 131)])
def test_inputs_are_those_of_torchvision(resize, size):
    preprocess = Preprocess(input_size=size, resize=resize)
    generator = np.random.default_rng(resize)
    for shape in ((resize, resize), (resize, resize + 9), (resize + 6, resize)):
        pixels = generator.integers(1, 256, (*shape, 3), np.uint8)
        assert preprocess.resized(shape) == shape
        expected = center_crop(torch.from_numpy(pixels.transpose(2, 0, 1).copy()), size)
        found = fit_to_input(image_from_array(pixels), preprocess)
        assert found.shape == (*size, 3)
        np.testing.assert_allclose(
            found, expected.numpy().transpose(1, 2, 0) / 255, atol=1e-6
        )
