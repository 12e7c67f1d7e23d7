"""The words into which machines and switches are put."""

import pytest

from sentinel.decode.vocabulary import (
    host_label,
    kind_of_class,
    kind_of_type,
    kinds_of_server,
    port_name,
    service_of,
)
from sentinel.model.machine import Kind, Service
from tests.builders import PATIENT


@pytest.mark.parametrize(
    "said",
    [
        "1",
        "24",
        "10103",
        "gi1/0/3",
        "Gi 1/0/3",
        "GigabitEthernet1/0/24",
        "eth0",
        "Port 7",
        "te1/1/1",
        "swp12",
        "1/1/3",
        "Ten-GigabitEthernet1/0/49",
        "TwoGigabitEthernet1/0/1",
        "LAN 4",
        "ge0",
        "1.2.3",
    ],
)
def test_what_switches_call_their_ports_is_kept_as_it_is(said):
    """Words of a list, and numbers."""
    assert port_name(said.encode()) == said


@pytest.mark.parametrize(
    "said",
    [
        "Jeanne",
        "Jeanne 3",
        "salle 2",
        "port de Jeanne",
        "123456",
        "1985/03/12",
        "gi",
        "",
        "gi1/0/3 Jeanne",
        "é1",
        "1/",
    ],
)
def test_anything_else_is_no_port(said):
    """A person may have named it, or a person may be named."""
    assert port_name(said.encode()) == ""


def test_a_port_name_ends_at_its_padding():
    """Some switches send a fixed length."""
    assert port_name(b"gi1/0/3\0\0\0") == "gi1/0/3"


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (b"radio-pc.local.", "radio-pc"),
        (b"RADIO-PC.LOCAL", "RADIO-PC"),
        (b"a.b.local.", ""),
        (b"radio-pc.example.", ""),
        (b"local.", ""),
        (PATIENT + b".local.", ""),
        (b"x" * 64 + b".local.", ""),
        ("é.local.".encode(), ""),
    ],
)
def test_a_host_is_one_plain_label_of_this_network(name, label):
    """RFC 1035 section 2.3.1; so DICOM's way of writing a patient, with ^, is none."""
    assert host_label(name) == label


@pytest.mark.parametrize(
    ("name", "service"),
    [
        (b"x._dicom._tcp.local.", Service.DICOM),
        (b"Dr. X._smb._tcp.local.", Service.SMB),
        (b"_smb._tcp.local.", None),
        (b"x._smb._tcp.example.", None),
        (b"x._smb._udp.local.", None),
        (b"_smb._tcp.x._ipp._tcp.local.", None),
        (b"", None),
    ],
)
def test_a_service_is_told_by_the_labels_behind_its_instance(name, service):
    """Whatever stands in the instance's name."""
    assert service_of(name) is service


def test_strangers_words_stand_for_nothing():
    """In every table."""
    assert kind_of_class(PATIENT) is None
    assert kind_of_type(PATIENT) is None
    assert kind_of_type(b"urn:" + PATIENT + b":device:Printer:1") is None
    assert kinds_of_server(PATIENT) == set()


def test_a_product_says_more_than_the_system_below_it():
    """A network disk runs Linux."""
    assert kinds_of_server(b"Linux/5.10 UPnP/1.0 Synology/DSM") == {Kind.STORAGE}
