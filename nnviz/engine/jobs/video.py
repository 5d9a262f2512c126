"""The job that applies a method to every frame of a video."""

from nnviz.base.events import Job
from nnviz.base.host.interrupts import held_back
from nnviz.base.requests import ChangeVideo
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.jobs.run import run_method
from nnviz.engine.method import find


@carries_out(ChangeVideo)
def change_video(resources: Resources, request: ChangeVideo, check: Check) -> Job:
    """Write a video of a method applied to another video; ends with a summary."""
    # PyAV takes a while to import, and few sessions write videos.
    with held_back():
        from nnviz.engine.jobs.video_writing import write_changed  # noqa: PLC0415

    info = find(request.method).info
    return (
        yield from write_changed(
            request, info, lambda one: run_method(resources, one, check)
        )
    )
