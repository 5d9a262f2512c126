"""Linear heads.

Truth: scikit-learn's logistic regression and its ridge regression with leave-one-out,
on the same standardized features.
"""

import numpy as np
import pytest
import torch

from nnviz.engine.training.heads.linear import fit_logistic_regression, fit_ridge

linear_model = pytest.importorskip("sklearn.linear_model")
_PENALTIES = [10.0**exponent for exponent in range(-2, 6)]


@pytest.fixture
def features():
    return torch.randn(60, 12, generator=torch.Generator().manual_seed(0)) * 3 + 1


def standardized(features):
    x = features.double().numpy()
    return (x - x.mean(0)) / x.std(0)


def test_logistic_regression_has_the_minimum_of_scikit_learn(features):
    noise = torch.randn(60, generator=torch.Generator().manual_seed(1))
    targets = (features[:, 0] + noise > 1).long() + (features[:, 1] > 2).long()
    head = fit_logistic_regression(features, targets, 3, strength=0.5)
    x = standardized(features)
    peer = linear_model.LogisticRegression(C=0.5, tol=1e-8, max_iter=1000)
    peer.fit(x, targets.numpy())
    expected = peer.predict_proba(x)
    found = head(features).softmax(1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_ridge_chooses_the_penalty_of_scikit_learn(features):
    noise = torch.randn(60, generator=torch.Generator().manual_seed(2))
    targets = features @ torch.linspace(-1, 1, 12) + 2 * noise + 40
    head = fit_ridge(features, targets)
    x, y = standardized(features), targets.double().numpy()
    peer = linear_model.RidgeCV(_PENALTIES).fit(x, y - y.mean())
    expected = peer.predict(x) + y.mean()
    np.testing.assert_allclose(head(features)[:, 0].numpy(), expected, rtol=1e-4)
