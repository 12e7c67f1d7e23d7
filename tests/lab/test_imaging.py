"""Real imaging software works in the laboratory as it does in a cabinet."""

import subprocess

import pydicom

from tests.lab import images
from tests.lab.imaging import (
    Modality,
    answer_ipv6,
    call_ipv6,
    echoscu,
    findscu,
    getscu,
    orthanc,
    storescp,
    storescu,
)

ACCEPTED = "Association Accepted"


def test_a_stranger_is_accepted_by_orthanc_through_a_forward(cabinet):
    orthanc(cabinet.imaging)
    cabinet.box.forward(11112, 4242)

    echo = echoscu(cabinet.stranger, cabinet.box.v4, 11112)

    assert ACCEPTED in echo.stdout + echo.stderr
    assert echo.returncode == 0


def test_orthanc_may_insist_on_its_title(cabinet):
    orthanc(cabinet.imaging, check_called=True)
    wrong = echoscu(cabinet.workstation, cabinet.imaging.v4, 4242, called="ANYBODY")
    right = echoscu(cabinet.workstation, cabinet.imaging.v4, 4242, called="ORTHANC")
    assert "Called AE Title Not Recognized" in wrong.stdout + wrong.stderr
    assert (bool(wrong.returncode), right.returncode) == (True, 0)


def test_a_workstation_stores_and_finds_images(cabinet, tmp_path):
    server = orthanc(cabinet.imaging)
    study = images.study(tmp_path, count=3)

    sent = storescu(cabinet.workstation, cabinet.imaging.v4, 4242, [image.path for image in study])
    found = findscu(cabinet.workstation, cabinet.imaging.v4, 4242)

    assert sent.returncode == 0, sent.stderr
    assert len(server.instances()) == 3
    assert images.PATIENT in found.stdout + found.stderr


def test_a_stranger_fetches_a_whole_study_from_a_careless_server(cabinet, tmp_path):
    orthanc(cabinet.imaging)
    cabinet.box.forward(4242)
    study = images.study(tmp_path / "sent", count=5, side=512)
    storescu(cabinet.workstation, cabinet.imaging.v4, 4242, [image.path for image in study])

    fetched = getscu(cabinet.stranger, cabinet.box.v4, 4242, study[0].study_instance_uid, tmp_path / "stolen")

    assert fetched.returncode == 0, fetched.stderr
    stolen = b"".join(path.read_bytes() for path in (tmp_path / "stolen").iterdir())
    assert all(secret in stolen for secret in images.secrets(study) if secret != b"ZZTEST")


def test_a_careful_server_answers_no_strangers_query(cabinet, tmp_path):
    workstation = Modality(aet="WORKSTATION", host=cabinet.workstation)
    orthanc(cabinet.imaging, careless=False, modalities=[workstation])
    cabinet.box.forward(4242)
    study = images.study(tmp_path)
    storescu(cabinet.workstation, cabinet.imaging.v4, 4242, [study[0].path])

    asked = findscu(cabinet.stranger, cabinet.box.v4, 4242, calling="ZZSTRANGER")
    known = findscu(cabinet.workstation, cabinet.imaging.v4, 4242)

    assert images.PATIENT not in asked.stdout + asked.stderr
    assert images.PATIENT in known.stdout + known.stderr


def test_storescp_receives_what_is_sent_to_it(cabinet, tmp_path):
    received = storescp(cabinet.imaging, 104)
    study = images.study(tmp_path)
    sent = storescu(cabinet.workstation, cabinet.imaging.v4, 104, [study[0].path], called="STORESCP")
    assert sent.returncode == 0, sent.stderr
    assert study[0].marks[1] in next(received.iterdir()).read_bytes()


def test_a_dicom_association_over_ipv6_is_possible_once_the_box_lets_it_in(cabinet):
    orthanc(cabinet.imaging)
    answer_ipv6(cabinet.imaging, 4242)
    address = call_ipv6(cabinet.stranger, cabinet.imaging.v6, 4242)

    assert echoscu(cabinet.stranger, address, 4242).returncode != 0
    cabinet.box.open_ipv6()
    echo = echoscu(cabinet.stranger, address, 4242)
    assert ACCEPTED in echo.stdout + echo.stderr
    assert echo.returncode == 0


def test_the_imaging_software_of_debian_speaks_ipv4_only(cabinet):
    """The day this fails, the relays of socat can go."""
    orthanc(cabinet.imaging)
    storescp(cabinet.imaging, 11112)
    assert {4242, 11112} <= cabinet.imaging.listening("tcp")
    assert not {4242, 11112} & cabinet.imaging.listening("tcp6")
    assert echoscu(cabinet.imaging, cabinet.imaging.v6, 4242).returncode != 0


def test_the_images_are_the_same_for_the_same_seed_and_nobodys(tmp_path):
    once, again = images.study(tmp_path / "once", seed=7), images.study(tmp_path / "again", seed=7)
    other = images.study(tmp_path / "other", seed=8)
    assert once[0].path.read_bytes() == again[0].path.read_bytes()
    assert once[0].marks != other[0].marks
    assert str(pydicom.dcmread(once[0].path).PatientName) == images.PATIENT


def test_the_images_are_good_dicom(lab_possible, tmp_path):
    image = images.study(tmp_path)[0]
    dumped = subprocess.run(["dcmdump", str(image.path)], capture_output=True, text=True, check=True)
    assert images.PATIENT in dumped.stdout
