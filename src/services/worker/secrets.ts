import { ChpError } from '../../core/errors.ts';
import { redactor } from '../../core/redact.ts';

/** Values of secrets by name; they arrive as variables of those names, and are hidden in all that is logged. */
export class Secrets {
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  find(name: string): string | undefined {
    const value = this.#env[name];
    if (value) redactor.add(value);
    return value || undefined;
  }

  /** @throws NOT_FOUND naming the command that supplies it */
  get(name: string): string {
    const value = this.find(name);
    if (value === undefined)
      throw new ChpError('NOT_FOUND', `the secret ${name} is not there`, {
        next: [`chp secret set TENANT ${name}`],
      });
    return value;
  }

  optional(name: string | undefined): string | undefined {
    return name === undefined ? undefined : this.get(name);
  }
}
