import { Ajv, type ValidateFunction } from 'ajv';
import { failure } from '../../core/http.ts';
import { type CallOptions, type Connector, type ConnectorEvent, VerbFailure } from '../../core/ports/automation.ts';
import { redactor } from '../../core/redact.ts';
import { CONNECTORS } from '../../packs/connectors/index.ts';
import { Limits } from './limits.ts';

export type Args = Record<string, unknown>;
type Do = (args: never, options: CallOptions) => Promise<unknown>;

/** What one API brings: everything that all have in common is added by `connectorOf`. */
export interface Api {
  /** One function for each operation of the table. */
  operations: Record<string, Do>;
  /** Operations with an effect that happen once, however often they are asked for with one key. */
  idempotent: ReadonlySet<string>;
  /** Drives the real API without an effect; returns what it found, one sentence. @throws VerbFailure */
  check(signal: AbortSignal): Promise<string>;
  subscribe?(type: string, handler: (event: ConnectorEvent) => void): () => void;
  close?(): Promise<void>;
}

const ajv = new Ajv({ allErrors: true, strict: false, useDefaults: true });
const validators = new Map<string, ValidateFunction>();

/** A connector by its table: arguments checked and defaults filled in, calls limited, failures in our words. */
export function connectorOf(name: string, api: Api, perMinute: number): Connector {
  const limits = new Limits(name, perMinute);
  return {
    name,
    idempotent: (operation) => tableOf(name).operations[operation]?.effect === 'none' || api.idempotent.has(operation),
    async call(operation, given, options) {
      const act = Object.hasOwn(api.operations, operation) ? api.operations[operation] : undefined;
      if (!act) throw failure('refused', `${name} has no operation "${operation}"`);
      const args = checked(name, operation, given);
      await limits.take(options.signal);
      try {
        return await act(args as never, options);
      } catch (error) {
        const refused = asFailure(name, error, !this.idempotent(operation));
        await limits.obey(refused);
        throw refused;
      }
    },
    async check(signal) {
      try {
        return { ok: true, detail: redactor.text(await api.check(signal)) };
      } catch (error) {
        return { ok: false, detail: asFailure(name, error, false).message };
      }
    },
    ...(api.subscribe ? { subscribe: api.subscribe } : {}),
    async close() {
      await api.close?.();
    },
  };
}

/** In the place of a connector that can't be made: it says why. */
export function brokenConnector(name: string, kind: VerbFailure['kind'], why: string): Connector {
  return {
    name,
    idempotent: () => true,
    call: () => Promise.reject(failure(kind, why)),
    check: () => Promise.resolve({ ok: false, detail: redactor.text(why) }),
  };
}

/** What is no failure yet is a fault of ours, met after anything may have been done. */
function asFailure(name: string, error: unknown, once: boolean): VerbFailure {
  if (error instanceof VerbFailure) return error;
  return failure(once ? 'in-doubt' : 'refused', `${name}: a fault in the connector: ${String(error)}`);
}

function checked(name: string, operation: string, given: Args): Args {
  const args = structuredClone(given);
  const id = `${name} ${operation}`;
  let validate = validators.get(id);
  if (!validate) {
    validate = ajv.compile(tableOf(name).operations[operation]?.args ?? false);
    validators.set(id, validate);
  }
  if (validate(args)) return args;
  throw failure('refused', `${name} ${operation}: ${ajv.errorsText(validate.errors, { dataVar: 'args' })}`);
}

/** What is wrong with a tenant's settings; null = nothing. */
export function settingsProblem(name: string, settings: Args): string | null {
  const validate = ajv.compile(tableOf(name).settings);
  return validate(settings) ? null : ajv.errorsText(validate.errors, { dataVar: 'settings' });
}

function tableOf(name: string) {
  const table = CONNECTORS[name];
  if (!table) throw new VerbFailure('undeclared', `there is no connector "${name}"`);
  return table;
}
