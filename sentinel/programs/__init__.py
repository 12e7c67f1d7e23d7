"""One composition root per program: each builds its part of the street once, in street order."""
