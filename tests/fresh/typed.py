"""What is typed in a Debian that has nothing: each command as a document says it, with its blanks filled in."""

from dataclasses import dataclass

HOUSE = "/srv/cabinet-sentinel"
"""Where the clean clone lies."""
ECHO = "/opt/sentinel-echo/bin/sentinel"
BOOK = "--dir /var/lib/sentinel-echo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One command.

    `said` is how the document has it, `typed` what is typed where that has blanks. It ends with `status`, and what
    it prints holds `words`, a pattern.
    """

    said: str
    typed: str = ""
    words: str = ""
    status: int = 0
    within: float = 60.0


README = (
    Typed(said="./dev", words="Cabinet Sentinel\n"),
    Typed(said="./dev sentinel check", words="first use: installing", status=1, within=150),
    Typed(said="./dev run --demo", typed="python3 /srv/page_of.py ./dev run --demo", words="it ended with 0"),
    Typed(said="./dev run", typed="python3 /srv/page_of.py ./dev run", words="it ended with 0"),
    Typed(
        said="./dev sentinel replay day.pcapng --inside 192.168.1.0/24 --json",
        typed="cp tests/pcaps/disorder.pcapng day.pcapng && "
        "./dev sentinel replay day.pcapng --inside 192.168.1.0/24 --json",
        words='{"kind": "summary"',
    ),
    Typed(said="mkdir -p cabinets && cp docs/examples/sentinel.toml cabinets/tilleuls.toml"),
    Typed(said="./dev sentinel card cabinets/tilleuls.toml"),
    Typed(
        said="cp cabinets/tilleuls.toml /media/$USER/FIRMWARE/sentinel.toml && sync",
        typed="export USER=root && mkdir -p /media/$USER/FIRMWARE && "
        "cp cabinets/tilleuls.toml /media/$USER/FIRMWARE/sentinel.toml && sync",
    ),
    Typed(
        said="pip install '.[verify]'",
        typed="python3 -m venv /srv/verify && /srv/verify/bin/pip install '.[verify]' && "
        "/srv/verify/bin/sentinel verify --help",
        words="Usage: sentinel verify",
    ),
)
"""In the folder of the clean clone, in this order."""

CRON = """echo 'MAILTO=you@example.org
17 * * * * root /opt/sentinel-echo/bin/sentinel echo keys --dir /var/lib/sentinel-echo --silent 26h' \\
  >/etc/cron.d/sentinel-echo"""

OPERATOR = (
    Typed(said=CRON, typed=f"mkdir -p /etc/cron.d && {CRON}"),
    Typed(said="$sentinel echo keys --dir …", typed=f"{ECHO} echo keys {BOOK}", words="Dr. A"),
    Typed(said="$sentinel echo keys --dir … --silent 26h", typed=f"{ECHO} echo keys {BOOK} --silent 26h"),
    Typed(
        said='… echo alias --dir … "Dr. A" "Cabinet du port"',
        typed=f'{ECHO} echo alias {BOOK} "Dr. A" "Cabinet du port"',
    ),
    Typed(said='… echo revoke --dir … "Dr. A"', typed=f'{ECHO} echo revoke {BOOK} "Cabinet du port"'),
    Typed(said="… echo optout list", typed=f"{ECHO} echo optout list {BOOK}"),
    Typed(said="… echo rotate --dir …", typed=f"{ECHO} echo rotate {BOOK}"),
    Typed(said="systemctl restart sentinel-echo"),
    Typed(
        said="systemctl stop sentinel-echo; tar -C /var/lib -czf echo.tgz sentinel-echo; "
        "systemctl start sentinel-echo"
    ),
    Typed(
        said="systemctl stop sentinel-echo; tar -C /var/lib -xzf echo-….tgz; "
        "chown -R sentinel-echo: /var/lib/sentinel-echo; systemctl start sentinel-echo",
        typed="systemctl stop sentinel-echo; tar -C /var/lib -xzf echo.tgz; "
        "chown -R sentinel-echo: /var/lib/sentinel-echo; systemctl start sentinel-echo && "
        "systemctl is-active sentinel-echo",
        words="active",
    ),
)
"""What docs/echo.md says to look after an echo, once one runs; in this order."""

BY_HAND = "The same by hand"
"""The chapter of docs/echo.md whose blocks are typed one after the other, word for word."""
