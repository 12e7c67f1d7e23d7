"""A card in a temporary folder, as the image lays it out."""

import os
from pathlib import Path

from sentinel.card.partitions import Partitions
from sentinel.places import Places

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBg6Iq0CfKvFz0NqzBW1ZS4dLSkUnWwzRkYZTk9Qk0t0 sophie@atelier"  # made up
PRESEED = f"""config_version = "1.0"

[system]
hostname = "Cabinet-Martin"

[user]
name = "pi"
password = "$y$j9T$abcdefghijklmnop$0123456789"
password_encrypted = true
groups = ["sudo"]

[ssh]
enabled = true
password_authentication = false
authorized_keys = [
  "{KEY}",
]

[wlan]
ssid = "Cabinet d’été"
password = "correct horse battery"
password_encrypted = false
hidden = false
country = "FR"

[locale]
keymap = "fr"
timezone = "Indian/Reunion"
"""
"""As Raspberry Pi Imager 2 writes it."""
INVITATION = "sentinel-echo://echo.example.org:443/AAAA#BBBB"
SETTINGS = f"""# Cabinet Martin
[practice]
name = "Cabinet d’été"
contact = "Sophie Martin"
phone = "01 02 03 04 05"

[echo]
invitation = "{INVITATION}"  # Sophie's

[page]
code = "3141-5926"

[notices]
practice = ["ntfys://ntfy.example.org/cabinet"]
technician = [
  "mailtos://sophie:secret-word@mail.example.org",
]
"""


def card(folder: Path) -> Partitions:
    """An empty one."""
    made = Partitions(fat=folder / "fat", data=folder / "data", root=folder / "root")
    for each in (made.fat, made.data, made.root / "etc", made.root / "run/log/journal", made.data / "timesync"):
        each.mkdir(parents=True)
    (made.root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    (made.root / "proc/device-tree").mkdir(parents=True)
    (made.root / "proc/device-tree/serial-number").write_bytes(b"10000000abcd1234\0")
    (made.root / "proc/cmdline").write_text("console=tty0 root=PARTUUID=5e471ae1-02 ro sentinel.slot=a\n")
    interface = made.root / "sys/class/net/eth0"
    (interface / "device").mkdir(parents=True)
    (interface / "address").write_text("dc:a6:32:00:00:01\n")
    return made


def places(folder: Path) -> Places:
    """The sentinel's own folders."""
    made = Places(lasting=folder / "data/sentinel", passing=folder / "run")
    made.make()
    return made


def own_group() -> str:
    """The group the tests run with, in place of `sentinel`."""
    import grp

    return grp.getgrgid(os.getgid()).gr_name
