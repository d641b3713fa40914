"""What explains what: findings joined, so that a reader is told of roots and what follows from them."""

from umdiag.judging.incidents.drawing import Drawn, draw

__all__ = ["Drawn", "draw"]
