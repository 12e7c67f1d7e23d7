"""The boards the card is for: what the documents name, and what has to lie on its FAT partition for each."""

BOARDS = {
    "Zero 2 W": ("bcm2837-rpi-zero-2-w",),
    "3A+": ("bcm2837-rpi-3-a-plus",),
    "3B": ("bcm2837-rpi-3-b",),
    "3B+": ("bcm2837-rpi-3-b-plus",),
    "4B": ("bcm2711-rpi-4-b",),
    "400": ("bcm2711-rpi-400",),
    "5": ("bcm2712-rpi-5-b", "bcm2712-d-rpi-5-b"),
}
"""Each board's device trees by their upstream names; the chip of a 5 is of one of two kinds."""
MODELS = {"pi3+": {"3A+", "3B+"}, "pi4": {"4B", "400"}, "pi5": {"5"}}
"""For which of them a section of config.txt is: the firmware's own names."""
DRIVERS = ("pinctrl-rp1", "clk-rp1", "macb", "dwc3", "bcm2835_wdt", "genet", "lan78xx", "smsc95xx", "gpio-sim")
"""Theirs, and that of the tests' lamp."""
