"""The synthetic province: deliveries of every source in the official layouts, from a seed, with planted faults that are labelled.

Nothing in it is observed. Every file says 演示数据 and carries `synthetic: true`; credit codes begin with X1.
"""

from pipelines.demo.write import DemoReport, write_province

__all__ = ["DemoReport", "write_province"]
