"""What the probe icmp tells of a network with losses and delays is what the network itself has counted: the kernel's netem where there is
one, the test's own cables elsewhere."""

import json
from typing import Any

import cables
from daemon import Daemon
from surroundings import FERRULE, SystemTest, main

HERE, TARGET = "192.0.2.1", "192.0.2.50"
BURST = 200
LOSS = 20  # percent
DELAY_MS = 50


class Netem:
    """Of what a host sends, in the kernel."""

    def __init__(self, host: cables.Host) -> None:
        self._host = host
        # No word of the host's own must be among what is counted.
        host.run("sysctl", "-qw", "net.ipv6.conf.cable.disable_ipv6=1")

    def works(self) -> bool:
        return self._host.run("tc", "qdisc", "replace", "dev", "cable", "root", "netem").returncode == 0

    def shape(self, loss: int, delay_ms: int) -> None:
        """From now on; counts from the beginning."""
        self._host.run("tc", "qdisc", "delete", "dev", "cable", "root")
        done = self._host.run("tc", "qdisc", "add", "dev", "cable", "root", "netem", "loss", f"{loss}%", "delay", f"{delay_ms}ms")
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def counted(self) -> tuple[int, int]:
        """Packets that came to it, and those of them that it lost."""
        shown = json.loads(self._host.run("tc", "-s", "-j", "qdisc", "show", "dev", "cable").stdout)[0]
        assert shown["kind"] == "netem", shown
        return shown["packets"] + shown["drops"], shown["drops"]


class Cables:
    """The same by the test's hand."""

    def __init__(self, net: cables.Network, source: cables.Host, target: cables.Host) -> None:
        self._net, self._ends = net, (source, target)
        self._rules: list[cables.Rule] = []

    def shape(self, loss: int, delay_ms: int) -> None:
        for rule in self._rules:
            self._net.remove(rule)
        self._rules = [self._net.lose(*self._ends, cables.ICMP, every=100 // loss if loss else BURST + 1)]
        if delay_ms:
            self._rules.append(self._net.delay(*self._ends, delay_ms / 1000))

    def counted(self) -> tuple[int, int]:
        return self._rules[0].seen, self._rules[0].lost


class Shaped(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        net = cables.Network()
        self.addCleanup(net.close)
        target, here = net.host("target", TARGET), net.host("here", HERE)
        here.enter()
        netem = Netem(target)
        self.shaper: Netem | Cables = netem if netem.works() else Cables(net, target, here)
        print(f"shaped by {type(self.shaper).__name__.lower()}", end=" ", flush=True)
        self.daemon = Daemon(self.scratch / "ferrule")
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def burst(self, status: int = 0) -> dict[str, Any]:
        done = self.run_program(str(FERRULE), "probe", "icmp", TARGET, "--set", f"count={BURST}", "--set", "interval=2ms", "--timeout", "5s", "--json",
                                env=self.daemon.client_env(), status=status)
        return json.loads(done.stdout)["metrics"]

    def assert_told(self, metrics: dict[str, Any]) -> int:
        """All were sent, and those that the network says it lost are lost, as many and no others; how many."""
        seen, lost = self.shaper.counted()
        self.assertEqual(seen, BURST)
        self.assertEqual({name: metrics[name] for name in metrics if name.startswith("packets_")}, {
            **{name: 0 for name in metrics if name.startswith("packets_")},
            "packets_sent": BURST, "packets_received": BURST - lost, "packets_lost": lost})
        self.assertEqual(round(metrics["loss_ratio"] * BURST), lost)
        return lost

    def test_losses_are_those_that_the_network_has_counted(self) -> None:
        self.shaper.shape(LOSS, 0)
        self.assertGreater(self.assert_told(self.burst()), 0)

    def test_a_delay_loses_nothing_and_is_in_each_round_trip(self) -> None:
        self.shaper.shape(0, DELAY_MS)
        metrics = self.burst()
        self.assertEqual(self.assert_told(metrics), 0)
        self.assertGreaterEqual(metrics["rtt_min_ms"], DELAY_MS)

    def test_both_at_once(self) -> None:
        self.shaper.shape(LOSS, DELAY_MS)
        metrics = self.burst()
        self.assertGreater(self.assert_told(metrics), 0)
        self.assertGreaterEqual(metrics["rtt_min_ms"], DELAY_MS)

    def test_a_network_that_loses_everything(self) -> None:
        self.shaper.shape(100, 0)
        self.assertEqual(self.assert_told(self.burst(status=1)), BURST)


if __name__ == "__main__":
    cables.require()
    main()
