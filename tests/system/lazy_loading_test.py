"""A driver is code in the process only after somebody needed it."""

from daemon import Daemon
from lab import Lab, needs_lab
from surroundings import SystemTest, main


class LazyLoading(SystemTest):
    def setUp(self) -> None:
        super().setUp()
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        self.lab("up")
        self.daemon = Daemon(self.scratch / "ferrule", self.lab.settings())
        self.addCleanup(self.daemon.close)
        self.daemon.start()

    def test_no_driver_is_mapped_before_the_first_device_job_and_only_its_own_after_it(self) -> None:
        idle = self.daemon.mapped_plugins()
        self.assertEqual(self.names(idle), ["least_load", "sqlite"])
        with self.daemon.api() as api:
            known = {each["id"]: each for each in api.get("/api/v1/plugins")["items"]}
            self.assertEqual(known["ssh"]["state"], "available")
            api.get("/api/v1/plugins/driver/ssh")
            self.assertEqual(self.daemon.mapped_plugins(), idle, "looking at a plugin must not load it")
            job = api.run("frr1", "show version")
            self.assertEqual(job["state"], "succeeded", job)
            self.assertRegex(job["results"][0]["output"], r"FRRouting \d")
            self.assertEqual(self.names(self.daemon.mapped_plugins()), ["least_load", "sqlite", "ssh"])
            known = {each["id"]: each for each in api.get("/api/v1/plugins")["items"]}
            self.assertEqual((known["ssh"]["state"], known["ssh"]["in_use"]), ("loaded", True))

    @staticmethod
    def names(files: set[str]) -> list[str]:
        return sorted(file.partition(".")[0] for file in files)


if __name__ == "__main__":
    needs_lab()
    main()
