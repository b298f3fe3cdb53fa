"""What astrosweep is measured against by ``benchmarks/throughput.py``; nothing here imports astrosweep.

Every peer is a program, ``python -m peers.<name>``, that trains each parameter set of a file on each prepared
fold of another and appends one line per trial to a third (``problem.py``). ``network.py`` is the network and
one fit in bare PyTorch, ``lightning_fit.py`` the same fit in Lightning's Trainer.
"""
