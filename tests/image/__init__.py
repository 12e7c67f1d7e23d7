"""The card image, booted: QEMU is the board, `firmware.py` plays the part of the Pi's own firmware."""
