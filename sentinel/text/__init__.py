"""Every word a person reads, in French and in English.

Code carries keys and values; what a person is shown becomes a sentence here, through gettext catalogues compiled
in memory at start: so a translation is one text file, and nothing compiled is ever shipped stale.
"""

from sentinel.text.catalogue import LANGUAGES, has, pattern, say

__all__ = ["LANGUAGES", "has", "pattern", "say"]
