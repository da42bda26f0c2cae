import type { TestHost } from './hosts.ts';

/** Everything of a host that chp could leave behind: files, users, groups, units, firewall. */
export async function listing(host: TestHost): Promise<string> {
  const { stdout } = await host.exec(
    'sh',
    '-c',
    `find / -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/log -o -path /var/tmp -o -path /var/lib/systemd -o -path /var/cache -o -path /home/ops/.cache \\) -prune -o -printf '%p %m %u %g %y\\n' | grep -vE '^(/etc|/etc/systemd/system|/etc/systemd/system/multi-user.target.wants|/var/lib) ' | sort
     getent passwd; getent group; systemctl list-unit-files --no-legend | sort; nft list ruleset`,
  );
  return stdout;
}
