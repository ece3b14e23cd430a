"""``python -m otelwod``: the same as the ``otelwod`` command."""

import sys

from otelwod.cli import main

if __name__ == "__main__":
    sys.exit(main())
