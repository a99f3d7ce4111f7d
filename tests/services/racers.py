"""A process of sixteen racers, each with a connection of its own: `-m` this ORDER."""

import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from attribution.storage.engine import open_database
from tests.office import Office
from tests.racing import outcome_of

RACERS = 16


def main() -> None:
    order = json.loads(sys.argv[1])
    database = open_database(order["url"])
    office = Office(database, series=f"process {os.getpid()}", card=order["card"])

    def redeem_all(_: int) -> Counter[str]:
        redeem = partial(office.redeem, phone=None)
        return Counter(outcome_of(partial(redeem, code)) for code in order["codes"])

    with ThreadPoolExecutor(RACERS) as pool:
        found = sum(pool.map(redeem_all, range(RACERS)), Counter[str]())
    sys.stdout.write(json.dumps(found))
    database.close()


if __name__ == "__main__":
    main()
