import { ApplicationFailure } from '@temporalio/activity';
import { VerbFailure } from '../../../core/ports/automation.ts';
import type { TenantServices } from './services.ts';
import type { ChildRequest, ChildRun } from './types.ts';

/** Packs that start packs that start packs… */
const MAX_DEPTH = 5;

export const loadPack =
  (services: TenantServices) =>
  async ({ run, path, pack, inputs, dryRun }: ChildRequest): Promise<ChildRun> => {
    const [tenant, parent, ...start] = run.split('/');
    const child = `${tenant}/${pack}/${start.join('/')}+${parent}.${path.replaceAll('/', '.')}`;
    try {
      if (child.split('+').length > MAX_DEPTH + 1)
        throw new VerbFailure('refused', `more than ${MAX_DEPTH} packs have started one another`);
      const trigger = { kind: 'pack', by: run, payload: null } as const;
      return { run: child, input: services.inputOf(pack, inputs, { trigger, dryRun }) };
    } catch (error) {
      if (!(error instanceof VerbFailure)) throw error;
      throw ApplicationFailure.create({ type: error.kind, message: error.message, nonRetryable: !error.retryable });
    }
  };
