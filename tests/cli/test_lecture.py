"""``nnviz demo --lecture``: the demonstrations of a lecture as a page.

Truth: the shipped catalogue's parameters, the network's own labels, and the files that
lie in the folder.
"""

import json
import re

import pytest

from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.base.shipped.resources import resource
from nnviz.cli.exhibits.lecture import DEMONSTRATIONS

CATALOGUE = json.loads(resource("catalogue.json").read_text("utf-8"))
METHODS = {
    method["name"]: {parameter["name"] for parameter in method["parameters"]}
    for method in CATALOGUE["methods"]
}
CLASSES = resource("labels", "imagenet-1k.txt").read_text("utf-8").splitlines()
EXHIBITS = [each for part in DEMONSTRATIONS for each in part.exhibits]


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda each: each.method)
def test_what_is_shown_can_be_run(exhibit):
    names = {*exhibit.values, *(["target"] if exhibit.target else [])}
    assert names <= METHODS[exhibit.method]
    assert not exhibit.target or exhibit.target in CLASSES
    models = {model["reference"] for model in CATALOGUE["models"]}
    assert (exhibit.model or DEFAULT_MODEL) in models


def test_one_part_makes_a_page_whose_links_lead_somewhere(nnviz, cat, tmp_path):
    status, out, _ = nnviz(
        *("demo", "--lecture=filters", "--image", cat, "--out", tmp_path)
    )
    assert status == 0
    assert "lecture.html" in out
    page = (tmp_path / "lecture.html").read_text("utf-8")
    links = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert len(links) >= 4 * 4
    assert [link for link in links if not (tmp_path / link).exists()] == []
    assert "nnviz demo --lecture=filters --image FILE" in page


def test_another_part_is_refused_with_those_that_there_are(nnviz, cat, tmp_path):
    status, _, err = nnviz("demo", "--lecture=gibon", "--image", cat, "--out", tmp_path)
    assert status == 2
    assert "did you mean gibbon" in err
