"""The selection.  Truth: a box is a detector's, a segment a segmenter's (ux.md)."""

from dataclasses import replace

import pytest

from nnviz.base.info import Task
from nnviz.gui.state.selection import Selection


@pytest.mark.parametrize(
    ("target", "before", "after"),
    [
        ("box:0", Task.DETECT, Task.SEGMENT),
        ("box:0", Task.DETECT, Task.CLASSIFY),
        ("segment:{}", Task.SEGMENT, Task.CLASSIFY),
    ],
)
def test_a_target_that_the_next_network_lacks_is_dropped(opened, target, before, after):
    classifier = opened.app.selection.model
    selection = Selection()
    selection.set_model(replace(classifier, task=before))
    asked = target.format(classifier.labels[0])
    selection.set_target(asked)
    selection.set_model(replace(classifier, task=before, reference="another"))
    assert selection.target == asked
    selection.set_model(replace(classifier, task=after))
    assert selection.target == ""
