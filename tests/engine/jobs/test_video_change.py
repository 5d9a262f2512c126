"""Films of films.

Truth: films that PyAV itself wrote with known pictures, times and tones.
"""

from fractions import Fraction

import av
import numpy as np
import pytest
from support.videos import evenly, number_of, write_film

from nnviz.base.errors import CancelledError, InputError, UsageError
from nnviz.base.events import Partial, Progress
from nnviz.base.info import MethodInfo
from nnviz.base.recipes import Run
from nnviz.base.requests import ChangeVideo, ModelRequest
from nnviz.base.results import ColorImage, Report, Text
from nnviz.base.video import FrameImage
from nnviz.engine.jobs.video_writing import write_changed
from nnviz.media.video.sound import add_sound

RATE = 25.0
MODEL = ModelRequest(reference="bundled:objects")


def pictured(pixels):
    return Report({"dream": ColorImage(pixels=pixels.astype(np.float32))})


def method(*, live=False):
    return MethodInfo(
        name="dream",
        title="Dream",
        group="Imagine",
        live=live,
        reference=None,
        shows="",
        reading="",
        misleads="",
        parameters=(),
    )


def asked_of(source, out, **more):
    return ChangeVideo(
        method="dream", model=MODEL, film=str(source), out=str(out), **more
    )


def worked(asked, change, *, live=False):
    """Run the job to its end; return what it yields and what it says."""

    def run(request):
        yield Progress(0, 1, "inside")
        return Run(change(request.image), None, request.image)

    job, steps = write_changed(asked, method(live=live), run), []
    while True:
        try:
            steps.append(next(job))
        except StopIteration as end:
            return steps, end.value


def changed(tmp_path, change, **more):
    source = write_film(tmp_path / "in.mp4", evenly(8, RATE))
    out = tmp_path / "out.mp4"
    _, notes = worked(asked_of(source, out, **{"kept": 0.0, **more}), change)
    return notes, out


def frames_of(path):
    with av.open(str(path)) as container:
        return [
            (frame.to_ndarray(format="rgb24"), float(frame.time))
            for frame in container.decode(video=0)
        ]


def add_tone(path, codec="aac", container="mp4", seconds=1.0):
    """Write a film with a gray picture and a tone of 440 Hz."""
    with av.open(str(path), "w", format=container) as out:
        video = out.add_stream("mpeg4", 25)
        video.width = video.height = 32
        video.pix_fmt = "yuv420p"
        audio = out.add_stream(codec, 48000, layout="mono")
        for number in range(round(25 * seconds)):
            frame = av.VideoFrame.from_ndarray(
                np.full((32, 32, 3), 9 * number % 255, np.uint8), "rgb24"
            )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(video.encode(frame))
        times = np.arange(round(48000 * seconds)) / 48000
        tone = (np.sin(2 * np.pi * 440 * times) * 9000).astype(np.int16)[None]
        sound = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        sound.sample_rate = 48000
        sound.pts = 0
        out.mux(audio.encode(sound))
        out.mux(audio.encode())
        out.mux(video.encode())
    return path


def test_every_picture_is_changed_and_stands_where_it_stood(tmp_path):
    notes, out = changed(tmp_path, lambda image: pictured(image.as_float()))
    found = frames_of(out)
    assert [number_of(pixels) for pixels, _ in found] == list(range(8))
    assert [time for _, time in found] == pytest.approx(evenly(8, RATE), abs=1e-3)
    assert notes == ("8 frames",)


def test_last_result_is_mixed_into_the_next_picture(tmp_path):
    """From gray to what is always white: 1 - 0.6^n of it after n pictures."""
    seen = []

    def change(image):
        seen.append(float(image.as_float()[40, 3].mean()))
        return pictured(np.ones(image.pixels.shape))

    changed(tmp_path, change, kept=0.4)
    dark = 20 / 255
    assert seen[0] == pytest.approx(dark, abs=0.02)
    assert seen[2] == pytest.approx(0.6 * dark + 0.4, abs=0.02)


def test_size_is_that_of_the_first_result(tmp_path):
    _, out = changed(
        tmp_path, lambda image: pictured(image.as_float()[::2, ::2]), kept=0.3
    )
    assert frames_of(out)[0][0].shape == (32, 64, 3)


def test_ends_after_some_seconds(tmp_path):
    _, out = changed(
        tmp_path, lambda image: pictured(image.as_float()), seconds=3.5 / RATE
    )
    assert len(frames_of(out)) == 4


def test_broken_off_keeps_what_there_is(tmp_path):
    left = iter(range(3))

    def change(image):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return pictured(image.as_float())

    with pytest.raises(KeyboardInterrupt):
        changed(tmp_path, change)
    assert len(frames_of(tmp_path / "out.mp4")) == 3


def test_what_is_told_is_how_far_the_film_is(tmp_path):
    """Truth: three pictures; what a method tells of itself is not the film's."""
    source = write_film(tmp_path / "in.mp4", evenly(3, RATE))
    steps, _ = worked(
        asked_of(source, tmp_path / "out.mp4"),
        lambda image: pictured(image.as_float()),
    )
    shown = [each for each in steps if isinstance(each, Partial)]
    told = [each.done for each in steps if isinstance(each, Progress)]
    assert len(shown) == 3
    assert told == sorted(told)
    assert told[-1] == 3


def test_a_method_that_follows_cameras_is_given_frames_of_one_film(tmp_path):
    """So it can steady them; nothing is mixed in unasked."""
    seen = []

    def change(image):
        seen.append(image)
        return pictured(np.ones(image.pixels.shape))

    source = write_film(tmp_path / "in.mp4", evenly(3, RATE))
    for _ in range(2):
        worked(asked_of(source, tmp_path / "out.mp4"), change, live=True)
    assert all(isinstance(image, FrameImage) for image in seen)
    openings = [image.sha256.rpartition(":")[0] for image in seen]
    assert len({*openings[:3]}) == 1
    assert len({*openings}) == 2
    assert [number_of(image.pixels) for image in seen[:3]] == [0, 1, 2]


def test_cancelled_film_is_a_film_with_its_sound(tmp_path):
    """Truth: another program's reader; a second of film, broken off after ten."""
    source = add_tone(tmp_path / "tone.mp4")
    left = iter(range(10))

    def change(image):
        if next(left, None) is None:
            raise CancelledError
        return pictured(image.as_float())

    with pytest.raises(CancelledError):
        worked(asked_of(source, tmp_path / "out.mp4"), change)
    assert len(frames_of(tmp_path / "out.mp4")) == 10
    with av.open(str(tmp_path / "out.mp4")) as container:
        heard = sum(each.samples for each in container.decode(audio=0))
    assert heard / 48000 == pytest.approx(10 / 25, abs=0.05)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"kept": 1.0}, "out of range"),
        ({"out": "x.avi"}, "not a video file name"),
        ({"out": "in.mp4"}, "is the video itself"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, more, words):
    if "out" in more:
        more = {"out": tmp_path / more["out"]}
    source = write_film(tmp_path / "in.mp4", evenly(2))
    asked = asked_of(source, **{"out": tmp_path / "o.mp4", **more})
    with pytest.raises(UsageError, match=words):
        worked(asked, lambda image: pictured(image.as_float()))


def test_a_method_without_pictures_is_refused(tmp_path):
    with pytest.raises(UsageError, match="not an image"):
        changed(tmp_path, lambda _image: Report({"words": Text(text="a")}))
    assert not (tmp_path / "out.mp4").exists()


def test_no_film(tmp_path):
    (tmp_path / "text.mp4").write_text("no film")
    asked = asked_of(tmp_path / "text.mp4", tmp_path / "out.mp4")
    with pytest.raises(InputError):
        worked(asked, lambda image: pictured(image.as_float()))


def test_sound_is_copied_to_the_bit_as_far_as_there_are_pictures(tmp_path):
    source = add_tone(tmp_path / "tone.mp4", seconds=2.0)
    film = write_film(tmp_path / "film.mp4", evenly(25))
    before = [pixels.tobytes() for pixels, _ in frames_of(film)]
    assert add_sound(film, source)
    assert [pixels.tobytes() for pixels, _ in frames_of(film)] == before
    with av.open(str(film)) as container:
        packets = [bytes(each) for each in container.demux(audio=0) if each.size]
        assert float(container.duration) / av.time_base == pytest.approx(1, abs=0.1)
    with av.open(str(source)) as container:
        whole = [bytes(each) for each in container.demux(audio=0) if each.size]
    assert packets == whole[: len(packets)]
    assert len(packets) == pytest.approx(len(whole) / 2, abs=2)


def test_sound_that_does_not_fit_is_left_out(tmp_path):
    """An MP4 file holds no telephone's mu-law sound, of 8 bits a sample."""
    source = add_tone(tmp_path / "tone.mov", "pcm_mulaw", "mov")
    film = write_film(tmp_path / "film.mp4", evenly(5))
    before = film.read_bytes()
    assert not add_sound(film, source)
    assert not add_sound(film, write_film(tmp_path / "mute.mp4", evenly(5)))
    assert film.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {
        "film.mp4",
        "mute.mp4",
        "tone.mov",
    }
