"""The boxes whose menus we know, and how many lines each one's sheet has in the catalogues (`paper.fix.…`)."""

BOXES = ("livebox", "freebox", "sfr", "bbox")
STEPS = {"livebox": 6, "freebox": 4, "sfr": 5, "bbox": 5, "other": 1}


def known(product: str | None) -> tuple[str, ...]:
    """The box itself where it was recognised, and what fits every other."""
    return (product, "other") if product in BOXES else (*BOXES, "other")


def steps(box: str) -> list[str]:
    """The lines of one box's sheet, as keys."""
    return [f"paper.fix.{box}.{step}" for step in range(1, STEPS[box] + 1)]
