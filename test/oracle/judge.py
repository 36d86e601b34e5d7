"""Judges what ironloom writes by what hosts use: cloud-init's own code, netplan and PyYAML.

Reads one JSON object a line, {"id", "network"} or {"id", "userData" (base64), "metaData"}, and answers each with one,
in the same order. A first line tells what judges. Nothing outside of a temporary folder is written.
"""

import json
import sys
import tempfile

from network_judge import NetworkJudge
from user_data_judge import UserDataJudge


def main():
    with tempfile.TemporaryDirectory() as folder:
        network = NetworkJudge(folder)
        user_data = UserDataJudge(folder)
        print(json.dumps(network.describe()), flush=True)
        for line in sys.stdin:
            task = json.loads(line)
            if "network" in task:
                answer = network.judge(task["network"], task.get("thorough", False))
            else:
                answer = user_data.judge(task["userData"], task["metaData"])
            print(json.dumps({"id": task["id"], **answer}), flush=True)


if __name__ == "__main__":
    main()
