"""Real imaging software for the laboratory: Debian's Orthanc and the tools of DCMTK.

Orthanc 1.10 and DCMTK 3.6.7 speak IPv4 only: they listen on 0.0.0.0, and a caller refuses "::1" as an illegal
parameter. Over IPv6 a DICOM association is real nevertheless: socat takes the bytes in at the imaging server
(`answer_ipv6`) and, for a DCMTK caller, out at the stranger (`call_ipv6`).
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from tests.lab.host import FOLDER, Host
from tests.lab.wires import NAME_SERVICE

CALLER = "ZZSTRANGER"
"""The AE title a stranger gives who knows nothing."""

MODEST = {
    "Name": "CABINET",
    "Plugins": [],
    # The 66 threads and the 128 MB of cache it would take are for a hospital.
    "HttpThreadsCount": 4,
    "DicomThreadsCount": 2,
    "MaximumStorageCacheSize": 8,
    "ConcurrentJobs": 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Modality:
    """A machine that Orthanc knows, and may send images to."""

    aet: str
    host: Host
    port: int = 11112


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthanc:
    """A running Orthanc."""

    host: Host
    process: subprocess.Popen[str]
    folder: Path
    """Its configuration, index and images."""
    aet: str
    dicom_port: int
    http_port: int

    def instances(self) -> list[str]:
        """The images it holds, by its own identifiers, as it says itself."""
        with self.host.inside():  # the whole question: it opens its socket when asked
            page = HTTPConnection("127.0.0.1", self.http_port, timeout=5)
            with closing(page):
                page.request("GET", "/instances")
                return list(json.load(page.getresponse()))


def orthanc(
    host: Host,
    *,
    aet: str = "ORTHANC",
    dicom_port: int = 4242,
    http_port: int = 8042,
    check_called: bool = False,
    careless: bool = True,
    modalities: Sequence[Modality] = (),
    settings: Mapping[str, object] | None = None,
) -> Orthanc:
    """Start Debian's Orthanc there and wait until it listens; it ends with the cabinet.

    Careless, it answers anybody's queries and serves its pages to anybody, as in the two practices of 2020;
    otherwise only the known modalities may search and fetch. `settings` are written over all others.

    Raises:
        DidNotStartError: with what it said.
    """
    folder = FOLDER / f"orthanc-{host.role}-{dicom_port}"
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        **MODEST,
        **{place: str(folder / "images") for place in ("StorageDirectory", "IndexDirectory")},
        **{"DicomAet": aet, "DicomCheckCalledAet": check_called},
        **{"DicomPort": dicom_port, "HttpPort": http_port},
        **_permissions(careless, modalities),
        **(settings or {}),
    }
    file = folder / "orthanc.json"
    file.write_text(json.dumps(written, indent=1))
    process = host.start(["Orthanc", str(file)], ready=(dicom_port, http_port), log=folder / "orthanc.log")
    return Orthanc(host=host, process=process, folder=folder, aet=aet, dicom_port=dicom_port, http_port=http_port)


def _permissions(careless: bool, modalities: Sequence[Modality]) -> dict[str, object]:
    return {
        "DicomModalities": {each.aet: [each.aet, str(each.host.v4), each.port] for each in modalities},
        "DicomAlwaysAllowFind": careless,
        "DicomAlwaysAllowGet": careless,
        "DicomAlwaysAllowMove": careless,
        "RemoteAccessAllowed": careless,
        "AuthenticationEnabled": not careless,
        "RegisteredUsers": {"zztest": "zztest"},
    }


def storescp(host: Host, port: int = 11112, *, aet: str = "STORESCP") -> Path:
    """Start DCMTK's receiver there; it ends with the cabinet. Returns the folder its images arrive in."""
    folder = FOLDER / f"storescp-{host.role}-{port}"
    folder.mkdir(parents=True, exist_ok=True)
    host.start(["storescp", "--aetitle", aet, "--output-directory", str(folder), str(port)], ready=[port])
    return folder


def echoscu(
    host: Host, target: IPv4Address, port: int, *, called: str = "ORTHANC", calling: str = CALLER
) -> subprocess.CompletedProcess[str]:
    """Ask "are you there?" (C-ECHO). Its return code is 0 only if the association was accepted."""
    return _dcmtk(host, "echoscu", target, port, (called, calling))


def storescu(
    host: Host,
    target: IPv4Address,
    port: int,
    files: Sequence[Path],
    *,
    called: str = "ORTHANC",
    calling: str = "WORKSTATION",
) -> subprocess.CompletedProcess[str]:
    """Send images (C-STORE)."""
    return _dcmtk(host, "storescu", target, port, (called, calling), "-R", files=files)


def findscu(
    host: Host,
    target: IPv4Address,
    port: int,
    *,
    keys: Sequence[str] = ("PatientName", "StudyInstanceUID"),
    called: str = "ORTHANC",
    calling: str = "WORKSTATION",
) -> subprocess.CompletedProcess[str]:
    """Search for studies (C-FIND); what was found is in the words of the tool."""
    asked = ["-k", "QueryRetrieveLevel=STUDY", *(word for key in keys for word in ("-k", key))]
    return _dcmtk(host, "findscu", target, port, (called, calling), "-S", *asked)


def getscu(
    host: Host,
    target: IPv4Address,
    port: int,
    study_uid: str,
    folder: Path,
    *,
    called: str = "ORTHANC",
    calling: str = CALLER,
) -> subprocess.CompletedProcess[str]:
    """Fetch a whole study into a folder (C-GET): what it looks like when images leave."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_uid}", "-od", str(folder)]
    return _dcmtk(host, "getscu", target, port, (called, calling), "-S", *asked)


def _dcmtk(
    host: Host,
    tool: str,
    target: IPv4Address,
    port: int,
    titles: tuple[str, str],
    *options: str,
    files: Sequence[Path] = (),
) -> subprocess.CompletedProcess[str]:
    # -to, -ta, -td: seconds for the connection, for the association, for each message.
    patience = ["-to", "5", "-ta", "10", "-td", "30"]
    called, calling = titles
    names = ["--call", called, "--aetitle", calling]
    argv = [tool, "-v", *patience, *names, *options, str(target), str(port), *map(str, files)]
    return host.run(argv, timeout=60, check=False)


def answer_ipv6(host: Host, port: int) -> None:
    """Let that machine's IPv4-only program answer on the same port over IPv6 too."""
    host.start(
        ["socat", f"TCP6-LISTEN:{port},ipv6only=1,reuseaddr,fork", f"TCP4:127.0.0.1:{port}"],
        ready=lambda: port in host.listening("tcp6"),
    )


def call_ipv6(host: Host, target: IPv6Address, port: int) -> IPv4Address:
    """Let that machine's IPv4-only tools call a target over IPv6; returns the address to call instead."""
    here = IPv4Address("127.0.0.6")
    listen = f"TCP4-LISTEN:{port},bind={here},reuseaddr,fork"
    host.start(["socat", listen, f"TCP6:[{target}]:{port}"], ready=[port])
    return here


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A key and a self-signed certificate, each in a file."""

    key: Path
    certificate: Path

    def for_orthanc(self) -> dict[str, object]:
        """The settings with which Orthanc speaks DICOM over TLS with it."""
        return {
            "DicomTlsCertificate": str(self.certificate),
            "DicomTlsPrivateKey": str(self.key),
            "DicomTlsTrustedCertificates": str(self.certificate),
        }

    def for_https(self) -> dict[str, object]:
        """The settings with which its pages are served over TLS with it."""
        both = self.certificate.with_name("both.pem")
        both.write_text(self.key.read_text() + self.certificate.read_text())
        return {"SslEnabled": True, "SslCertificate": str(both)}


def certificate(host: Host, common_name: str = "zztest") -> Certificate:
    """One made for that machine, by OpenSSL."""
    folder = FOLDER / f"certificate-{host.role}"
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(key=folder / "key.pem", certificate=folder / "certificate.pem")
    out = ["-keyout", str(made.key), "-out", str(made.certificate)]
    host.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={common_name}", *out])
    return made


def without_names(host: Host) -> None:
    """Let programs started there from now on know nobody's name, and wait for a name server that does not answer.

    As in a practice whose name server knows nothing of strangers. DCMTK looks a caller up three times, five
    seconds each, before it reads what he says.
    """
    folder = NAME_SERVICE / host.name
    (folder / "hosts").write_text("127.0.0.1 localhost\n")
    (folder / "resolv.conf").write_text(f"nameserver {NOBODY}\noptions attempts:1\n")


NOBODY = IPv4Address("192.168.77.250")
