import { createReadStream } from 'node:fs';
import { createGzip, createZstdDecompress } from 'node:zlib';
import { needsRoot } from '../../core/host-layout.ts';
import type { Transport } from '../../core/ports/transport.ts';
import { readTreeEntries } from '../../core/tree-archive.ts';
import {
  baseImageScript,
  type DesiredBase,
  desiredDirs,
  desiredFiles,
  FIREWALL_UNIT,
  firewallRules,
  ownerOf,
} from './desired.ts';
import { dropFirewall } from './firewall.ts';
import { alone, failed, LONG_MS, quote, runScript } from './shell.ts';
import { type BaseAction, type BaseFacts, describeAction, planBase } from './steps.ts';

/** Brings a host's base in line. @returns what was done, in words; empty when nothing was. */
export async function convergeBase(transport: Transport, desired: DesiredBase): Promise<string[]> {
  const actions = planBase(await readBaseFacts(transport, desired), desired);
  const asRoot = needsRoot(desired.manager);
  let batch: BaseAction[] = [];
  const flush = async (): Promise<void> => {
    const lines = batch.flatMap((action) => scriptOf(action, desired));
    if (lines.length > 0) await runScript(transport, asRoot, [...alone(desired.root), ...lines, ''].join('\n'));
    batch = [];
  };
  for (const action of actions) {
    if (action.do !== 'install-node') batch.push(action);
    else {
      await flush();
      await installNode(transport, desired);
    }
  }
  await flush();
  return actions.map(describeAction);
}

/** What on the host differs from what it should be, in words. Changes nothing. */
export async function readBase(transport: Transport, desired: DesiredBase): Promise<string[]> {
  return planBase(await readBaseFacts(transport, desired), desired).map(describeAction);
}

async function readBaseFacts(transport: Transport, desired: DesiredBase): Promise<BaseFacts> {
  const login = (await transport.exec(['id', '-un'])).stdout.trim();
  const paths = [
    ...[...desiredDirs(desired, login), ...desiredFiles(desired, login)].map(({ path }) => path),
    ...(desired.firewallPorts ? [] : [firewallRules(desired.root, desired.tenant)]),
  ];
  const script = [
    `id -u ${ownerOf(desired, login)} >/dev/null 2>&1 && echo user`,
    `[ -x ${quote(`${desired.root}/trees/${desired.node.digest}/bin/node`)} ] && echo node`,
    `PATH=$PATH:/usr/sbin:/sbin; command -v nft >/dev/null 2>&1 && { echo nft; nft list table inet chp >/dev/null 2>&1 && echo firewall; }`,
    ...desired.packages.map(
      (name) =>
        `dpkg-query -W -f '\${Status}' ${quote(name)} 2>/dev/null | grep -q 'ok installed' && echo ${quote(`package ${name}`)}`,
    ),
    `for p in ${paths.map(quote).join(' ')}; do [ -e "$p" ] || continue; stat -c 'path %a %U %n' "$p"; [ -f "$p" ] && sha256sum "$p" | sed 's/^/sum /'; done`,
    ...(desired.baseImage ? [baseImageScript(desired, 'check')] : []),
    'true',
    '',
  ].join('\n');
  const { stdout } = await runScript(transport, needsRoot(desired.manager), script);
  const facts: BaseFacts = {
    login,
    userExists: false,
    paths: {},
    nodeTree: false,
    firewall: false,
    packages: {},
    nft: false,
    baseImage: false,
  };
  for (const line of stdout.split('\n')) {
    const [, kind = '', rest = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    if (kind === 'user') facts.userExists = true;
    else if (kind === 'node') facts.nodeTree = true;
    else if (kind === 'nft') facts.nft = true;
    else if (kind === 'image') facts.baseImage = true;
    else if (kind === 'firewall') facts.firewall = true;
    else if (kind === 'package') facts.packages[rest] = true;
    else if (kind === 'path') {
      const [, mode = '', owner = '', path = ''] = /^(\S+) (\S+) (.*)$/.exec(rest) ?? [];
      facts.paths[path] = { mode, owner };
    } else if (kind === 'sum') {
      const [, digest = '', path = ''] = /^([0-9a-f]{64}) {2}(.*)$/.exec(rest) ?? [];
      const known = facts.paths[path];
      if (known) known.sha256 = digest;
    }
  }
  return facts;
}

/** The node tree goes as tar + gzip: a bare host has neither node nor zstd. */
async function installNode(transport: Transport, { root, node, manager }: DesiredBase): Promise<void> {
  const final = `${root}/trees/${node.digest}`;
  const temporary = `${final}.boot`;
  const sums = (await readTreeEntries(node.archive)).flatMap((entry) =>
    entry.type === 'file' ? [`${entry.sha256}  ${entry.path}`] : [],
  );
  const whole = `printf '%s\\n' ${sums.map(quote).join(' ')} | sha256sum -c --quiet -`;
  const script = [
    ...alone(root),
    // Another run may have put it there meanwhile, and a tenant may run from it.
    `if cd ${quote(final)} 2>/dev/null && ${whole} >/dev/null 2>&1; then cat >/dev/null; exit 0; fi`,
    `cd /; rm -rf ${quote(`${root}/trees`)}/*.boot; mkdir -p ${quote(temporary)}; cd ${quote(temporary)}`,
    'gzip -dc | tar -xf - --no-same-owner',
    `${whole} >&2`,
    `chmod 755 .; cd /; rm -rf ${quote(final)}; mv ${quote(temporary)} ${quote(final)}`,
  ].join('\n');
  const input = createReadStream(node.archive)
    .pipe(createZstdDecompress())
    .pipe(createGzip({ level: 1 }));
  const { code, stderr } = await transport.exec(['sh', '-c', script], {
    input,
    root: needsRoot(manager),
    deadlineMs: LONG_MS,
  });
  if (code !== 0) throw failed(transport, 'node could not be installed', stderr);
}

function scriptOf(action: BaseAction, desired: DesiredBase): string[] {
  switch (action.do) {
    case 'install-package':
      return [
        `DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${quote(action.name)} >/dev/null || { echo ${quote(`package ${action.name}`)} >&2; exit 1; }`,
      ];
    case 'ensure-user':
      return [
        `PATH=$PATH:/usr/sbin useradd --system --user-group --no-create-home --home-dir ${quote(action.home)} --shell /usr/sbin/nologin ${action.user}`,
      ];
    case 'ensure-dir':
      return [
        `mkdir -p ${quote(action.path)}; chown ${action.owner}: ${quote(action.path)}; chmod ${action.mode} ${quote(action.path)}`,
      ];
    case 'put-file': {
      const temporary = quote(`${action.path}.chp-new`);
      const body = Buffer.from(action.content()).toString('base64');
      return [
        `umask 077; base64 -d > ${temporary} <<'CHP'`,
        ...(body.match(/.{1,4000}/g) ?? ['']),
        'CHP',
        `chown ${action.owner}: ${temporary}; chmod ${action.mode} ${temporary}; mv -f ${temporary} ${quote(action.path)}`,
      ];
    }
    case 'make-image':
      return [baseImageScript(desired, 'make')];
    case 'load-firewall':
      return [
        'systemctl daemon-reload',
        `systemctl enable --quiet ${FIREWALL_UNIT}`,
        `systemctl restart ${FIREWALL_UNIT}`,
      ];
    case 'drop-firewall':
      return dropFirewall(desired);
    case 'install-node':
      return [];
  }
}
