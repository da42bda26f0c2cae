import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TEST_CACHE } from '../test/support/runtime-bundle.ts';
import { exec } from './exec.ts';
import type { Fleet } from './fleet.ts';

/** Pinned: a newer one would be another measurement. */
const PACKAGES = ['pyinfra==3.10.0', 'ansible-core==2.19.14'];
const PLACE = '/home/ops/many';

export interface Rivals {
  rsync: () => Promise<unknown>;
  pyinfra: () => Promise<unknown>;
  ansible: () => Promise<unknown>;
}

/** What copies the same files to the same hosts; pyinfra and ansible in a Python environment of their own, made once. */
export async function rivals(fleet: Fleet): Promise<Rivals> {
  const bin = await virtualEnvironment();
  const aliases = fleet.hosts.hosts.map((host) => host.alias);
  const inventory = join(fleet.dir, 'inventory.py');
  const connect = `{"ssh_config_file": ${JSON.stringify(fleet.hosts.sshConfig)}, "ssh_strict_host_key_checking": "off"}`;
  await writeFile(
    inventory,
    `hosts = [${aliases.map((alias) => `(${JSON.stringify(alias)}, ${connect})`).join(', ')}]\n`,
  );
  const deploy = join(fleet.dir, 'deploy.py');
  await writeFile(
    deploy,
    `from pyinfra.operations import files\nfiles.sync(src=${JSON.stringify(fleet.skill)}, dest="${PLACE}-pyinfra")\n`,
  );
  const ini = join(fleet.dir, 'inventory.ini');
  await writeFile(ini, `${aliases.join('\n')}\n`);
  const playbook = join(fleet.dir, 'playbook.yml');
  await writeFile(
    playbook,
    `- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: { src: ${JSON.stringify(`${fleet.skill}/`)}, dest: ${PLACE}-ansible/ }\n`,
  );
  const ansibleEnv = {
    ANSIBLE_PIPELINING: 'true',
    ANSIBLE_SSH_ARGS: `-F ${fleet.hosts.sshConfig} -o StrictHostKeyChecking=accept-new -o ControlMaster=auto -o ControlPersist=60s -o ControlPath=${fleet.dir}/cm-%C`,
    ANSIBLE_LOCALHOST_WARNING: 'false',
    LC_ALL: 'C.UTF-8',
  };
  const ssh = fleet.ssh.join(' ');
  return {
    rsync: () =>
      Promise.all(
        aliases.map((alias) => exec(['rsync', '-a', '-e', ssh, `${fleet.skill}/`, `${alias}:${PLACE}-rsync/`])),
      ),
    pyinfra: () => exec([join(bin, 'pyinfra'), '-y', inventory, deploy], { cwd: fleet.dir }),
    ansible: () =>
      exec([join(bin, 'ansible-playbook'), '-i', ini, '-f', String(aliases.length), playbook], {
        cwd: fleet.dir,
        env: ansibleEnv,
      }),
  };
}

async function virtualEnvironment(): Promise<string> {
  const dir = join(TEST_CACHE, `bench-${PACKAGES.join('-').replaceAll('=', '')}`);
  const bin = join(dir, 'bin');
  if (!existsSync(join(bin, 'complete'))) {
    await exec(['python3', '-m', 'venv', dir]);
    await exec([join(bin, 'pip'), 'install', '--quiet', ...PACKAGES]);
    await writeFile(join(bin, 'complete'), '');
  }
  return bin;
}
