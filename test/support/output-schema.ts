import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { packagePath } from '../../src/core/package-root.ts';

const ajv = new Ajv2020({ allErrors: true, strict: false });
const DIR = packagePath('schemas', 'output');
const commands = readdirSync(DIR).map((file) => file.replace(/\.json$/, ''));

/** What `chp ARGS --json` printed is what schemas/output says. @throws Error naming the first thing that is not */
export function checkOutput(args: readonly string[], printed: unknown): void {
  const id = [3, 2, 1].map((words) => args.slice(0, words).join('-')).find((one) => commands.includes(one));
  if (!id) throw new Error(`schemas/output has nothing on chp ${args.join(' ')}`);
  const validate =
    ajv.getSchema(id) ?? ajv.addSchema(JSON.parse(readFileSync(`${DIR}/${id}.json`, 'utf8')), id).getSchema(id);
  if (validate?.(printed)) return;
  const problems = validate?.errors?.map(
    (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
  );
  throw new Error(`chp ${args.join(' ')} --json is not as schemas/output/${id}.json says:\n${problems?.join('\n')}`);
}
