import { join } from 'node:path';
import launchScript from '../../../../templates/systemd/launch.sh' with { type: 'text' };
import recoverTemplate from '../../../../templates/systemd/recover.ini' with { type: 'text' };
import template from '../../../../templates/systemd/service.ini' with { type: 'text' };
import { type TenantLayout, tenantUser } from '../../../core/host-layout.ts';
import { fillTemplate } from './files.ts';
import type { ResolvedService } from './manager.ts';

export const launcher = (layout: TenantLayout): string => join(layout.dir, 'launch.sh');
export const LAUNCH_SCRIPT: string = launchScript;
export const credentialFile = (layout: TenantLayout, name: string): string => join(layout.credentials, `${name}.cred`);

/** The hardened unit of one service (systemd.exec(5)). Pure: it holds no secret, only where systemd finds them. */
export function renderUnit(
  tenant: string,
  service: ResolvedService,
  layout: TenantLayout,
  configWritable: boolean,
): string {
  const writable = [
    layout.state,
    layout.home,
    layout.tmp,
    layout.logs,
    ...(mentions(service, layout.automation) ? [layout.automation] : []),
    ...(configWritable ? [join(layout.config, '..')] : []),
  ];
  const values: Record<string, string> = {
    tenant,
    service: service.name,
    fingerprint: service.fingerprint,
    user: tenantUser(tenant),
    home: layout.home,
    launcher: launcher(layout),
    command: service.argv.map(quote).join(' '),
    environment: Object.entries(service.env)
      .map(([name, value]) => `Environment=${quote(`${name}=${value}`)}`)
      .join('\n'),
    credentials: service.credentials
      .map((name) => `LoadCredentialEncrypted=${name}:${credentialFile(layout, name)}`)
      .join('\n'),
    stopTimeout: String(service.stopTimeoutS),
    memoryMax: String(service.memoryMaxMb),
    tasksMax: String(service.tasksMax),
    writable: writable.join(' '),
  };
  return fillTemplate(template, values);
}

/** The unit that runs at every boot and ends at once unless an activation was cut. Pure. */
export function renderRecoverUnit(tenant: string, layout: TenantLayout, argv: readonly string[]): string {
  return fillTemplate(recoverTemplate, { tenant, journal: layout.journal, command: argv.map(quote).join(' ') });
}

/** A unit without the line that says for which inputs it was started. Pure. */
export function withoutFingerprint(unit: string): string {
  return unit.replace(/^# chp-fingerprint: .*$/m, '');
}

/** Only what is told of a folder may write to it. */
export const mentions = ({ argv, env }: ResolvedService, path: string): boolean =>
  [...argv, ...Object.values(env)].some((text) => text.includes(path));

/** systemd.syntax(7): double quotes, backslash escapes, `%` and `$` doubled. */
function quote(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/%/g, '%%').replace(/\$/g, '$$$$');
  return /^[A-Za-z0-9_./:=@-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
