"""What a night must survive: kills, power cuts, full and failing disks, damaged and mutated files.

`disk` cuts and counts the file operations of a process, `nights` runs stages of a night under it, `mutate` spoils files. The tests
here try a sample that fits the suite; `bench/endurance.py` tries all of it and writes down what was tried and what survived.
"""
