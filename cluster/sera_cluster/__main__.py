"""`python -m sera_cluster VERB STORAGE STAGE --workers N --gpus N`: does one stage, see the package."""

import argparse

from .storage import Stage


def main() -> None:
    parser = argparse.ArgumentParser(prog="sera_cluster")
    parser.add_argument("verb", choices=["check", "train", "score", "sample"])
    parser.add_argument("storage", help="folder or fsspec URL that both sides see")
    parser.add_argument("stage", help="folder of the stage in it")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of each worker")
    given = parser.parse_args()
    stage = Stage(given.storage, given.stage)
    # Each verb imports what it alone needs: a check answers in seconds.
    if given.verb == "check":
        from .check import check as work
    elif given.verb == "train":
        from .train import train as work
    elif given.verb == "score":
        from .score import score as work
    else:
        from .sample import sample as work
    stage.finish(work(stage, given.workers, given.gpus) or {})


if __name__ == "__main__":
    main()
