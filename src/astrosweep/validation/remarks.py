"""What a reader must know of where the figures of a validation come from."""

from astrosweep.validation.fresh import Fresh
from astrosweep.validation.subject import Subject


def remarks_on(subject: Subject, fresh: Fresh | None) -> list[str]:
    """Sentences on what the model keeps, what was given, and what flatters it."""
    said = []
    if subject.bundle is None:
        said.append(
            "This is a single run: its test objects are sealed and stay so. What is told of it is what it "
            "recorded of its validation objects, by which its best epoch was chosen; ensemble.py opens "
            "the seal, once."
        )
        if not subject.recorded:
            said.append("The run's folder has no metrics.json, so that nothing is known of its validation.")
    elif subject.bundle.test is None:
        said.append("The bundle has no predictions of sealed objects; what is out of fold stands for them.")
    if fresh is None:
        said.append(
            "No labelled input was given: robustness, shift and cost need one, input=<table or directory>."
        )
    elif fresh.seen and fresh.seen_kept:
        said.append(
            f"{fresh.seen} of the objects were used to train or to choose the model, and are among these "
            "(keep_seen=true): what follows flatters it."
        )
    elif fresh.seen:
        said.append(
            f"{fresh.seen} objects of the file were used to train or to choose the model and are left out."
        )
    if fresh is not None and fresh.remark:
        said.append(fresh.remark)
    return said
