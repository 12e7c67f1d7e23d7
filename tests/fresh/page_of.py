"""Inside the fresh Debian: start a command as a person would, wait until its page says something, press Ctrl-C.

python3 page_of.py COMMAND...     prints whether the page came and how the command ended; 1 if either is wrong
"""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

PAGE = "http://127.0.0.1:8080/"
PATIENCE = 60


def page() -> str:
    """The words of the page, once the street beats behind it."""
    try:
        with urllib.request.urlopen(PAGE, timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return ""


def main(command: list[str]) -> int:
    """Zero if the page came, and Ctrl-C was obeyed within five seconds."""
    process = subprocess.Popen(command)
    end = time.monotonic() + PATIENCE
    words = ""
    while process.poll() is None and time.monotonic() < end and "lamp-" not in words:
        time.sleep(0.3)
        words = page()
    print("the page came" if "lamp-" in words else "NO PAGE")
    process.send_signal(signal.SIGINT)
    try:
        print("it ended with", process.wait(5))
    except subprocess.TimeoutExpired:
        process.kill()
        print("IT DID NOT END")
        return 1
    return 0 if "lamp-" in words else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
