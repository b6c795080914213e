"""The network that tests play with does to packets what it is told, and exactly that."""

import re
import time
import unittest

import cables
from surroundings import main


class Cables(unittest.TestCase):
    def setUp(self) -> None:
        self.net = cables.Network()
        self.addCleanup(self.net.close)
        self.one = self.net.host("one", "192.0.2.1")
        self.two = self.net.host("two", "192.0.2.2")

    def received(self, *options: str) -> int:
        said = self.one.run("ping", "-n", "-i", "0.01", "-W", "5", *options, self.two.address).stdout
        return int(re.search(r"(\d+) received", said)[1])  # type: ignore[index]

    def test_what_is_lost_is_counted_packet_by_packet(self) -> None:
        self.assertEqual(self.received("-c", "20"), 20)
        lost = self.net.lose(self.two, self.one, cables.ICMP, every=5)
        self.assertEqual(self.received("-c", "20"), 16)
        self.assertEqual((lost.seen, lost.lost), (20, 4))

    def test_a_host_that_is_cut_off_is_silent_until_it_is_healed(self) -> None:
        self.net.cut(self.two)
        self.assertEqual(self.received("-c", "2"), 0)
        self.net.heal(self.two)
        self.assertEqual(self.received("-c", "2"), 2)

    def test_a_delay_is_at_least_what_was_asked_for(self) -> None:
        self.net.delay(self.two, self.one, 0.2)
        began = time.monotonic()
        self.assertEqual(self.received("-c", "1"), 1)
        self.assertGreaterEqual(time.monotonic() - began, 0.2)

    def test_a_host_has_nothing_that_listens_unless_something_was_started(self) -> None:
        self.assertEqual(self.one.listeners(), [])


if __name__ == "__main__":
    cables.require()
    main()
