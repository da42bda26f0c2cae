# Looks at every process of this PID namespace until stdin ends, then prints each distinct thing that was seen:
# {"looks": n, "argv": [], "environments": [[user, environment]]}, in Latin-1 so that every byte stays.
import json, os, pwd, sys, threading, time

ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
own = os.readlink("/proc/self/ns/pid")
looks, argv, environments, seen = 0, set(), set(), set()


def user_of(pid):
    uid = os.stat(f"/proc/{pid}").st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def read(path):
    with open(path, "rb") as file:
        return file.read().decode("latin-1")


while not ended.wait(0.02):
    looks += 1
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        try:
            command = read(f"/proc/{pid}/cmdline")
            user = user_of(pid)
            if (pid, command, user) in seen:
                continue
            if os.readlink(f"/proc/{pid}/ns/pid") != own:
                seen.add((pid, command, user))
                continue
            argv.add(command)
            environments.add((user, read(f"/proc/{pid}/environ")))
            seen.add((pid, command, user))
        except OSError:
            pass
print(json.dumps({"looks": looks, "argv": sorted(argv), "environments": sorted(environments)}))
