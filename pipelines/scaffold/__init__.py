"""A way in: `carbon new` (source, indicator, rule) writes the skeleton of one, with blanks that fail `make check` and tests until they are filled in.

The skeletons are files, in `templates/`: one folder a kind, laid out as the project is. `$name` and the like stand for what is asked for, in names too.
What the ending says: `.txt` a file of its own, `.add` lines at the end of one, `.into` lines at the end of the block that the first line names.
"""
