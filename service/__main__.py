"""`python -m service`: see `program`."""

import sys

from service.runtime.garbage import collect_seldom

if __name__ == "__main__":
    collect_seldom()
    from service.program import main

    # People run its commands as `satspeak keys`, and all of it as `satspeak service`.
    main(prog_name="satspeak" if sys.argv[1:2] and sys.argv[1] in main.commands else "satspeak service")
