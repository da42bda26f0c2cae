import { Ajv, type Options, type ValidateFunction } from 'ajv';
import formatsPlugin from 'ajv-formats';

/** Validators report every problem with what is needed to explain it. */
export function schemaCompiler(code: Options['code'] = {}): Ajv {
  const ajv = new Ajv({ allErrors: true, strict: false, verbose: true, code });
  formatsPlugin.default(ajv, ['uri']);
  return ajv;
}

/** Takes tens of milliseconds for a large schema: the build does it beforehand where every command would wait for it. */
export function compileSchema(schema: object): ValidateFunction {
  return schemaCompiler().compile(schema);
}
