"""`python -m server.demo`: the synthetic teacher's own process, started by `darsgoh demo`."""

import sys

from server.demo.teacher import main

sys.exit(main())
