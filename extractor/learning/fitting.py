"""Fitting one model: choose the words that tell, fit a logistic regression, round its weights.

Knows matrices and names, no task. Everything is deterministic: the same rows give the same weights on every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from extractor.learning.features import Features

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# scikit-learn is imported where it fits and stores: judging a note needs its weights alone, and starting is quick.

KEPT = 250
"""Features a model keeps: few enough to read, and to cost nothing."""
STYLES = 3
"""A word must occur in so many styles: one clinic's own phrase says nothing about the next clinic."""
DECIMALS = 4
"""Weights are rounded, so that the last bits of a library's arithmetic change no file."""


@dataclass(frozen=True, slots=True)
class Design:
    """Rows of features with the style of each."""

    matrix: Any
    names: list[str]
    styles: Any

    def __len__(self) -> int:
        return int(self.matrix.shape[0])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model: columns of the design, weights (classes × columns), offsets, classes."""

    columns: Any
    weights: Any
    offsets: Any
    classes: list[str]

    def probabilities(self, matrix: Any) -> Any:
        """Probabilities of the classes, a row each."""
        if len(self.classes) == 1:
            return np.ones((matrix.shape[0], 1))
        return probabilities(matrix[:, self.columns] @ self.weights.T + self.offsets)


def probabilities(scores: Any) -> Any:
    """Softmax of the scores of classes, a row each."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def design(rows: Sequence[Features], styles: Sequence[str]) -> Design:
    """The rows as a sparse matrix, columns in order of name, without what too few styles have for any model to keep."""
    from sklearn.feature_extraction import DictVectorizer

    vectorizer = DictVectorizer()
    matrix = vectorizer.fit_transform(rows).tocsr()
    common = np.flatnonzero(_in_enough_styles(matrix, np.array(styles)))
    names = list(vectorizer.feature_names_)
    return Design(matrix[:, common].tocsr(), [names[column] for column in common], np.array(styles))


def _in_enough_styles(matrix: Any, styles: Any) -> Any:
    present = matrix.copy()
    present.data = np.ones_like(present.data)
    each = [np.asarray(present[styles == style].sum(axis=0)).ravel() > 0 for style in sorted(set(styles))]
    return np.sum(each, axis=0) >= min(STYLES, len(each))


def fit(given: Design, rows: Any, labels: Sequence[str], strength: float, kept: int | None = KEPT) -> Fitted:
    """Fit on the rows (indices) with their labels. `strength` is scikit-learn's C; `kept` None keeps all features."""
    from sklearn.linear_model import LogisticRegression

    target = np.array(labels)
    classes = sorted(set(labels))
    matrix = given.matrix[rows]
    columns = np.arange(matrix.shape[1]) if kept is None else _telling(matrix, target, given.styles[rows], kept)
    if len(classes) == 1:
        return Fitted(columns[:0], np.zeros((1, 0)), np.zeros(1), classes)
    model = LogisticRegression(C=strength, max_iter=2000, tol=1e-6)
    model.fit(matrix[:, columns].toarray(), target)
    weights, offsets = _both_sides(len(classes), model.coef_, model.intercept_)
    return Fitted(columns, np.round(weights, DECIMALS) + 0.0, np.round(offsets, DECIMALS) + 0.0, classes)


def _telling(matrix: Any, target: Any, styles: Any, kept: int) -> Any:
    """Columns that occur in enough styles and tell the classes apart, in order of column."""
    from sklearn.feature_selection import chi2

    common = np.flatnonzero(_in_enough_styles(matrix, styles))
    told = np.nan_to_num(chi2(matrix[:, common], target)[0]) if len(set(target)) > 1 else np.zeros(len(common))
    best = np.argsort(-np.round(told, 8), kind="stable")[:kept]
    return np.sort(common[best])


def _both_sides(classes: int, weights: Any, offsets: Any) -> tuple[Any, Any]:
    """Weights with a row for every class: for two classes scikit-learn keeps the second's only."""
    if classes != 2:
        return weights, offsets
    return np.vstack([np.zeros_like(weights), weights]), np.append(0.0, offsets)


def as_pipeline(fitted: Fitted, names: Sequence[str], strength: float) -> Pipeline:
    """The model as a scikit-learn pipeline of DictVectorizer and LogisticRegression with these very weights."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    kept = [names[column] for column in fitted.columns]
    vectorizer = DictVectorizer()
    vectorizer.fit([dict.fromkeys(kept, 1.0)])
    two = len(fitted.classes) == 2
    judge = LogisticRegression(C=strength, max_iter=2000, tol=1e-6)
    judge.classes_ = np.array(fitted.classes)
    judge.coef_ = fitted.weights[1:] if two else fitted.weights
    judge.intercept_ = fitted.offsets[1:] if two else fitted.offsets
    judge.n_features_in_ = len(kept)
    judge.n_iter_ = np.array([0], dtype=np.int32)
    return Pipeline([("features", vectorizer), ("judge", judge)])


def of_pipeline(pipeline: Any) -> tuple[list[str], Fitted]:
    """Names of the features and the weights of a stored pipeline."""
    vectorizer, judge = pipeline.named_steps["features"], pipeline.named_steps["judge"]
    return of_weights(list(vectorizer.feature_names_), judge.classes_, judge.coef_, judge.intercept_)


def of_weights(names: list[str], classes: Any, weights: Any, offsets: Any) -> tuple[list[str], Fitted]:
    """The same from what scikit-learn keeps of a logistic regression. Raises ValueError where shapes do not fit."""
    kept = [str(each) for each in classes]
    rows = 1 if len(kept) == 2 else len(kept)
    if weights.shape != (rows, len(names)) or offsets.shape != (rows,):
        raise ValueError("weights, features and classes do not belong together")
    both = _both_sides(len(kept), weights, offsets)
    return names, Fitted(np.arange(len(names)), *both, kept)


def stack_rows(rows: Sequence[Features], names: Sequence[str]) -> Any:
    """Rows of few features as a dense matrix in the order of `names`."""
    from scipy import sparse

    return sparse.csr_matrix(np.array([[row.get(name, 0.0) for name in names] for row in rows]))
