"""Write clusters as tables of profiles: python export_clusters.py data=cluster +directory=clusters_out."""

import sys

import hydra
from omegaconf import DictConfig

from astrosweep.job import judged_by_pydantic, without_passwords
from astrosweep.kinds.clusters.export import export_clusters


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(composed: DictConfig) -> None:
    """Write one sample."""
    export_clusters(composed)


if __name__ == "__main__":
    sys.argv[1:] = judged_by_pydantic(without_passwords(sys.argv[1:]))
    main()
