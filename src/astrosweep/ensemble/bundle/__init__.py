"""The bundle: an ensemble as one folder that describes itself and works without its record.

``bundle.json`` has the number of the format and the SHA-256 of every other file, and there is no other file::

    config.yaml       a configuration of the ensemble's kind of data and target
    ensemble.json     its members with their weights, strategy, objective and calibration
    ranges.json, provenance.json, merit.json      JSON objects of whoever made it
    validation.safetensors, test.safetensors      its predictions beside the targets, where there are any
    members/<nn>/     of networks what ``recording.load`` reads; of a baseline ``baseline.json`` and
                      ``fold_<k>/`` with its own files, its preparation's and ``fold.json``

Reading it runs no code of it: JSON, YAML of plain values, safetensors, and skops with known types.
"""

from astrosweep.ensemble.bundle.contents import Contents, MemberSource, Scored
from astrosweep.ensemble.bundle.load import Bundle, load_bundle
from astrosweep.ensemble.bundle.write import write_bundle

__all__ = ["Bundle", "Contents", "MemberSource", "Scored", "load_bundle", "write_bundle"]
