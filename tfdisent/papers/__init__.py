"""The tables and figures of the papers: one package a paper, on modules that all of them share.

item.py says what an item is and makes one, runs.py makes the runs that it needs, tables.py writes its files, and
stand_ins.py says what is trained on where the files of a paper's data are missing. A paper's package has its items,
what the paper prints, what is measured, the pictures, and a README of readings.
"""

from tfdisent.papers.item import check_request, list_items, reproduce

__all__ = ["check_request", "list_items", "reproduce"]
