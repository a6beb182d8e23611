"""Prints the file of pip's constraints, then what pip must install for the parts of Home Assistant that the tests
start, one requirement a line.

Home Assistant would install these at its first start; in the lab it has no way to the internet.
"""

import json
import pathlib

import homeassistant
from homeassistant import bootstrap

HOME = pathlib.Path(homeassistant.__file__).parent
COMPONENTS = HOME / "components"
# hassio: the MQTT integration imports its client, wherever it runs.
OURS = {"alert", "hassio", "history", "logbook", "mobile_app", "mqtt", "notify", "recorder", "template"}

waiting = set(bootstrap.CORE_INTEGRATIONS | bootstrap.DEFAULT_INTEGRATIONS | OURS)
known = set()
requirements = set()
while waiting:
    domain = waiting.pop()
    known.add(domain)
    manifest = json.loads((COMPONENTS / domain / "manifest.json").read_text())
    requirements |= set(manifest.get("requirements", []))
    waiting |= set(manifest.get("dependencies", [])) - known
print(HOME / "package_constraints.txt", *sorted(requirements), sep="\n")
