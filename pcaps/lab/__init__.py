"""The recording lab: network namespaces, real programs in them, a capture between (lab.py), and what a case
writes down (case.py). A case's make.py imports all it needs from here."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from people import People  # noqa: E402,F401
from .case import Case  # noqa: E402,F401
from .lab import CLIENT4, CLIENT6, SERVER4, SERVER6, Lab  # noqa: E402,F401
from .texts import csv_of, json_of, page_of  # noqa: E402,F401
