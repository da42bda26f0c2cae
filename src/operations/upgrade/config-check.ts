import { runtimeAdapter } from '../../adapters/runtimes/index.ts';
import { canTry, tryConfig } from '../../adapters/runtimes/try-config.ts';
import type { CheckResult, HostStatus } from '../../core/agent-protocol.ts';
import { applyDrift } from '../../core/config-drift.ts';
import { tenantLayout } from '../../core/host-layout.ts';
import type { RuntimeBundle } from '../../core/ports/runtime.ts';
import type { Tenant } from '../../core/tenant/schema.ts';
import type { Context } from '../context.ts';

/**
 * Would the new version take the configuration, with what family and agent changed in it? Its own validator is asked
 * here, before anything is sent; the host asks it again, before anything is switched.
 */
export async function configCheck(
  { home }: Pick<Context, 'home'>,
  tenant: Tenant,
  root: string,
  bundle: RuntimeBundle,
  status: Pick<HostStatus, 'drift'>,
  changesRuntime: boolean,
): Promise<{ check: CheckResult; refused: string | null }> {
  const started = performance.now();
  const result = (verdict: CheckResult['verdict'], detail: string): CheckResult => ({
    id: 'config.accepted',
    title: 'The new version takes the configuration',
    verdict,
    detail,
    ms: Math.round(performance.now() - started),
    ...(verdict === 'fail' ? { fix: `chp config diff ${tenant.name}; chp config set ${tenant.name} PATH VALUE` } : {}),
  });
  if (!changesRuntime) return { check: result('skipped', 'the runtime stays the same'), refused: null };
  if (!canTry(bundle))
    return {
      check: result(
        'skipped',
        `a ${bundle.platform} program can't be run here; the host asks it before anything is switched`,
      ),
      refused: null,
    };
  const adapter = runtimeAdapter(tenant.runtime);
  const kept = status.drift.config.filter(({ owner }) => owner !== 'operator');
  const config = applyDrift(adapter.renderConfig(tenant, tenantLayout(root, tenant.name)), kept);
  const refused = await tryConfig(bundle, config, adapter.secretNames(tenant), home);
  return { check: refused === null ? result('pass', 'its own validator says so') : result('fail', refused), refused };
}
