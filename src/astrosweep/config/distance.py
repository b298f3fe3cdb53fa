"""Configuration of the distances of stars."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from astrosweep.config.base import Strict


class DistanceConfig(Strict):
    """How distances are made of parallaxes.

    Attributes:
        prior: ``class``: the distances of the training stars, which the prediction knows of and which count
            once; ``edsd``: exponentially decreasing space
            density; ``ggd_map``: that of Bailer-Jones et al. 2021 for the star's place in the sky; ``none``:
            only that the parallax is positive; ``off``: no distances.
        use_catalogue_parallax: Whether a star's own parallax, where its table has one with an error, is
            combined with the predicted one.
        zero_point: What is subtracted from the star's own parallax: a number in mas, ``lindegren2021`` for
            the one that its magnitude, colour and latitude give, or ``none``.
        length_pc: Length scale of ``edsd``; null takes that of the star's place in the sky.
        limits_pc: Shortest and longest distance.
    """

    prior: Literal["class", "edsd", "ggd_map", "none", "off"] = "class"
    use_catalogue_parallax: bool = True
    zero_point: Literal["none", "lindegren2021"] | Annotated[float, Field(gt=-10, lt=10)] = "none"
    length_pc: Annotated[float, Field(gt=0)] | None = None
    limits_pc: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (1.0, 1e6)

    @field_validator("limits_pc", mode="before")
    @classmethod
    def _as_pair(cls, limits: Any) -> Any:
        """A file and a command line have lists."""
        return tuple(limits) if isinstance(limits, list) else limits

    @model_validator(mode="after")
    def _fits_together(self) -> "DistanceConfig":
        low, high = self.limits_pc
        if low >= high:
            raise ValueError(f"distance.limits_pc is [{low:g}, {high:g}]; expected: [shortest, longest]")
        if self.length_pc is not None and self.prior != "edsd":
            raise ValueError(
                f"distance.length_pc={self.length_pc:g} belongs to distance.prior=edsd; it is {self.prior}"
            )
        return self
