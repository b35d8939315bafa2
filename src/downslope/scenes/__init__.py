"""The pictures of a fit: what each needs is computed here, and given to the room that draws. Part of the conductor."""

from downslope.scenes.choosing import PICTURES, USUAL, scene, that_apply

__all__ = ["PICTURES", "USUAL", "scene", "that_apply"]
