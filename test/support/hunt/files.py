# stdin: {"needles": {name: [hex]}, "roots": [], "skip": []}. stdout: {"read": n, "hits": [{path, mode, user, names}]}.
import json, os, pwd, stat, sys

job = json.load(sys.stdin)
needles = {name: [bytes.fromhex(form) for form in forms] for name, forms in job["needles"].items()}
read, hits = 0, []
for root in job["roots"]:
    device = os.stat(root).st_dev
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if os.path.join(folder, name) not in job["skip"]
            and not os.path.islink(os.path.join(folder, name))
            and os.lstat(os.path.join(folder, name)).st_dev == device
        ]
        for name in names:
            path = os.path.join(folder, name)
            try:
                status = os.lstat(path)
                if not stat.S_ISREG(status.st_mode):
                    continue
                with open(path, "rb") as file:
                    content = file.read()
            except OSError:
                continue
            read += 1
            found = [name for name, forms in needles.items() if any(form in content for form in forms)]
            if found:
                try:
                    user = pwd.getpwuid(status.st_uid).pw_name
                except KeyError:
                    user = str(status.st_uid)
                hits.append({"path": path, "mode": oct(status.st_mode & 0o777)[2:], "user": user, "names": found})
print(json.dumps({"read": read, "hits": hits}))
