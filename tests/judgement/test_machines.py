"""What is known of machines stays bounded, and forgets the silent ones first."""

from ipaddress import ip_address

from sentinel.judgement.machines import REMEMBERED, Machines
from sentinel.model.exposure import Nature
from tests.builders import IMAGING, IMAGING_MAC, WORKSTATION, finding, moment, sighting


def test_a_machine_is_known_by_its_name_and_its_address():
    machines = Machines()
    machines.see(sighting(moment(5)))

    assert machines.seen(IMAGING_MAC) == machines.seen(str(IMAGING)) == moment(5)
    assert machines.mac(IMAGING) == IMAGING_MAC
    assert machines.seen("02:00:00:00:00:77") is machines.mac(WORKSTATION) is None


def test_imaging_follows_the_hardware_address():
    """Recognised there yesterday under another internet address."""
    machines = Machines()
    machines.learn(finding(nature=Nature.IMAGING))
    machines.see(sighting(address=WORKSTATION))

    assert machines.is_imaging(WORKSTATION)
    assert not machines.is_imaging(ip_address("192.168.1.99"))


def test_only_imaging_makes_an_imaging_machine():
    machines = Machines()
    machines.learn(finding(nature=Nature.STORAGE))
    machines.learn(finding())

    assert not machines.is_imaging(IMAGING)


def test_a_flood_of_invented_machines_forgets_the_silent_ones_first():
    machines = Machines()
    machines.see(sighting())
    for number in range(REMEMBERED):
        machines.see(sighting(mac=f"{number:012x}", address=ip_address(number + (10 << 24))))
        if number % 1000 == 0:
            machines.see(sighting())

    assert machines.mac(IMAGING) == IMAGING_MAC
    assert machines.mac(ip_address("10.0.0.0")) is None
