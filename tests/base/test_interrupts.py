"""Ctrl+C waits for the end of an import that it would break.

Truth: the signal's documented behavior (a KeyboardInterrupt at once) and the order
of events, both worked by hand.
"""

import os
import signal
import sys
import threading

import pytest

from nnviz.base.host.interrupts import held_back

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="os.kill cannot send Ctrl+C there"
)


def test_interrupt_takes_effect_at_the_end_of_the_block():
    reached = []

    def interrupted() -> None:
        with held_back():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append(True)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_interrupt_nothing_is_left_behind():
    with held_back():
        pass
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_an_error_inside_comes_first():
    with pytest.raises(ZeroDivisionError), held_back():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_off_the_main_thread_signals_are_left_alone():
    seen = []

    def work():
        with held_back():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
