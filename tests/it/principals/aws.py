"""The AWS CLI, again and again without the time that its start takes.

Reads requests, a line of JSON each: {"variables": {}, "arguments": [], "directory": ""}; the answer to each is a line, too:
{"code": 0, "stdout": "", "stderr": ""}. Every request runs in a process of its own, forked after the modules are loaded,
with its own variables. What modules compute from variables when they are loaded is computed from this program's own: its
HOME has to be that of the requests.
"""

import json
import os
import signal
import sys
import tempfile

import awscli.clidriver

# A driver is made, and forgotten, so that what it loads is there, too; nothing is asked.
awscli.clidriver.create_clidriver()
# The one variable that the modules set themselves when they are loaded.
DATA_PATH = os.environ["AWS_DATA_PATH"]


def act(request, stdout, stderr):
    signal.alarm(120)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(stdout.fileno(), 1)
    os.dup2(stderr.fileno(), 2)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["variables"], AWS_DATA_PATH=DATA_PATH)
    sys.argv = ["aws", *request["arguments"]]
    try:
        code = awscli.clidriver.main()
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


for line in sys.stdin:
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if child == 0:
            act(json.loads(line), stdout, stderr)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for file in (stdout, stderr):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        print(json.dumps({"code": code, "stdout": texts[0], "stderr": texts[1]}), flush=True)
